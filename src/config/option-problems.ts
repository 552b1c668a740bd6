import type * as z from 'zod';
import { DelegatedError } from '../errors.ts';
import { unknownWord } from './cross-checks.ts';
import { issueProblems, valueAt } from './issues.ts';
import { nearest } from './nearest.ts';
import { type ConfigProblem, type KeyPath, pathText } from './problem.ts';
import type { YamlDocument } from './yaml-document.ts';

/** What the parser has to know of the adapters, which it never loads by itself. */
export interface ProviderTypes {
  readonly names: () => readonly string[];
  /**
   * Null where nobody knows the settings.
   * @throws DelegatedError for an adapter of somebody else that is not there or of no use
   */
  readonly settings: (type: string) => Promise<ProviderSettings | null>;
}

/** An adapter's own settings. */
export interface ProviderSettings {
  readonly options: z.ZodType;
  /** The variables that stand in for a setting which is left out, by its key: `key.secret`. */
  readonly environment: Readonly<Record<string, readonly string[]>>;
}

/** The keys of a provider that are not the adapter's. */
const OURS = ['type', 'nameServers'];
/** An adapter of somebody else: a package, or a file. */
const FOREIGN = /^(?:pkg:|\.{0,2}\/)/;

/** What each adapter has to say of its settings. */
export async function optionProblems(document: YamlDocument, types: ProviderTypes): Promise<ConfigProblem[]> {
  const providers = valueAt(document.value, ['providers']);
  if (typeof providers !== 'object' || providers === null) return [];
  const found = await Promise.all(
    Object.entries(providers).map(([name, provider]) =>
      problemsOf(['providers', name], provider, document, types),
    ),
  );
  return found.flat();
}

async function problemsOf(
  path: KeyPath,
  provider: unknown,
  document: YamlDocument,
  types: ProviderTypes,
): Promise<ConfigProblem[]> {
  const type = valueAt(provider, ['type']);
  if (type === undefined) return misspeltType(path, provider, document);
  if (typeof type !== 'string' || type === '') return [];
  if (!FOREIGN.test(type) && !types.names().includes(type)) {
    const message = unknownWord('provider type', type, types.names(), 'write pkg:@scope/name or ./file.mjs');
    return [uselessType(path, document, message)];
  }
  let settings: ProviderSettings | null;
  try {
    settings = await types.settings(type);
  } catch (error) {
    if (!(error instanceof DelegatedError)) throw error;
    const hint = error.hint === undefined ? '' : ` — ${error.hint}`;
    return [uselessType(path, document, `${error.message}${hint}`)];
  }
  if (settings === null) return [];
  const { options: schema, environment } = settings;
  const result = await schema.safeParseAsync(optionsOf(provider));
  if (result.success) return [];
  const { keysIn } = await import('./known-keys.ts');
  const knownKeys = (at: KeyPath): readonly string[] => [
    ...(at.length === path.length ? OURS : []),
    ...keysIn(schema, at.slice(path.length)),
  ];
  const found = issueProblems(result.error.issues, {
    document,
    knownKeys,
    prefix: path,
    mayShow: () => false,
  });
  return found.map((problem) => withVariables(problem, path, environment));
}

function uselessType(path: KeyPath, document: YamlDocument, message: string): ConfigProblem {
  const at = [...path, 'type'];
  return { ...document.position(at, 'value'), path: pathText(at), message };
}

/** A missing key may stand in the environment as well. */
function withVariables(
  problem: ConfigProblem,
  path: KeyPath,
  environment: ProviderSettings['environment'],
): ConfigProblem {
  if (!problem.message.startsWith('required key is missing')) return problem;
  const place = `${pathText(path)}.`;
  const key = problem.path.startsWith(place) ? problem.path.slice(place.length) : '';
  const variables = Object.entries(environment)
    .filter(([each]) => each === key || each.startsWith(`${key}.`))
    .flatMap(([, names]) => names);
  if (variables.length === 0) return problem;
  return { ...problem, message: `${problem.message} — or set ${variables.join(' or ')} in the environment` };
}

/** Without a type every key may be right, but one that looks like `type` is not. */
function misspeltType(path: KeyPath, provider: unknown, document: YamlDocument): ConfigProblem[] {
  const keys = typeof provider === 'object' && provider !== null ? Object.keys(provider) : [];
  return keys
    .filter((key) => nearest(key, ['type']) !== null)
    .map((key) => {
      const at = [...path, key];
      const message = 'unknown key — did you mean "type"?';
      return { ...document.position(at, 'key'), path: pathText(at), message };
    });
}

function optionsOf(provider: unknown): unknown {
  if (typeof provider !== 'object' || provider === null) return {};
  return Object.fromEntries(Object.entries(provider).filter(([key]) => !OURS.includes(key)));
}
