import type * as z from 'zod';
import { unknownWord } from './cross-checks.ts';
import { issueProblems, valueAt } from './issues.ts';
import { nearest } from './nearest.ts';
import { type ConfigProblem, type KeyPath, pathText } from './problem.ts';
import type { YamlDocument } from './yaml-document.ts';

/** What the parser has to know of the adapters, which it never loads by itself. */
export interface ProviderTypes {
  readonly names: () => readonly string[];
  /** The schema of an adapter's own settings; null where it checks them itself. */
  readonly optionsSchema: (type: string) => Promise<z.ZodType | null>;
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
  if (typeof type !== 'string' || type === '' || FOREIGN.test(type)) return [];
  if (!types.names().includes(type)) {
    const at = [...path, 'type'];
    const message = unknownWord('provider type', type, types.names(), 'write pkg:@scope/name or ./file.mjs');
    return [{ ...document.position(at, 'value'), path: pathText(at), message }];
  }
  const schema = await types.optionsSchema(type);
  const result = schema?.safeParse(optionsOf(provider));
  if (schema == null || result === undefined || result.success) return [];
  const { keysIn } = await import('./known-keys.ts');
  const knownKeys = (at: KeyPath): readonly string[] => [
    ...(at.length === path.length ? OURS : []),
    ...keysIn(schema, at.slice(path.length)),
  ];
  return issueProblems(result.error.issues, { document, knownKeys, prefix: path, mayShow: () => false });
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
