import { buildConfig } from './build-config.ts';
import type { Config } from './config.ts';
import { type BorrowedSetting, variablesOf } from './environment.ts';
import { crossChecks } from './cross-checks.ts';
import { issueProblems } from './issues.ts';
import { type ProviderTypes, optionProblems } from './option-problems.ts';
import { type ConfigProblem, type KeyPath, configError, inFileOrder, pathText } from './problem.ts';
import { mayHoldSecrets } from './secrets.ts';
import { configSchema } from './schema.ts';
import type { YamlDocument } from './yaml-document.ts';

export type { ProviderTypes } from './option-problems.ts';

export interface ConfigSource {
  /** Secrets in their places. */
  readonly document: YamlDocument;
  /** Absolute path. */
  readonly file: string;
  readonly types: ProviderTypes;
  /** Text of the PEM file that `acme.caCertificates` names. */
  readonly caCertificates: string | undefined;
  /** Where something else stands in for a secret that was not read, so that an adapter may well refuse it. */
  readonly unread: readonly KeyPath[];
  /** What the environment lent; it stands in the document already. Default: nothing. */
  readonly borrowed?: readonly BorrowedSetting[];
}

export type CheckedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/**
 * From the document, secrets already in their places, to the config.
 * @throws DelegatedError E_CONFIG with every problem, each with line, column and key
 */
export async function parseConfig(
  document: YamlDocument,
  file: string,
  types: ProviderTypes,
  caCertificates: string | undefined,
): Promise<Config> {
  const checked = await checkConfig({ document, file, types, caCertificates, unread: [] });
  if (!checked.ok) throw configError(file, checked.problems);
  return checked.config;
}

/** The same with the problems as data, in the order of the file. */
export async function checkConfig(source: ConfigSource): Promise<CheckedConfig> {
  const { document, file, types, caCertificates, unread, borrowed = [] } = source;
  if (document.value === null) return { ok: false, problems: [EMPTY] };
  const result = configSchema.safeParse(document.value);
  const stands = unread.map(pathText);
  const options = await optionProblems(document, types);
  const problems = [...crossChecks(document), ...options.filter(({ path }) => !stands.includes(path))];
  if (result.success && problems.length === 0)
    return { ok: true, config: buildConfig(result.data, file, caCertificates, variablesOf(borrowed)) };
  if (!result.success) {
    const { keysIn } = await import('./known-keys.ts');
    const knownKeys = (path: KeyPath): readonly string[] => keysIn(configSchema, path);
    problems.push(
      ...issueProblems(result.error.issues, {
        document,
        knownKeys,
        prefix: [],
        mayShow: (path) => !mayHoldSecrets(path),
      }),
    );
  }
  return { ok: false, problems: withoutRepeats(inFileOrder(problems)) };
}

const EMPTY: ConfigProblem = {
  line: 1,
  column: 1,
  path: '',
  message: 'the file is empty — `delegated config init SERVER_NAME` writes one to start from',
};

/** A schema and a cross check may both mind the same value; one sentence about it is enough. */
function withoutRepeats(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ line, column, path }) => {
    const place = `${line}:${column}:${path}`;
    const fresh = !seen.has(place);
    seen.add(place);
    return fresh;
  });
}
