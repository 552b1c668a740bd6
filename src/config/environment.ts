/** Settings of providers that the config leaves out and the environment has, under names that people have set already. */
import { DelegatedError } from '../errors.ts';
import { valueAt } from './issues.ts';
import { type KeyPath, pathText } from './problem.ts';
import type { ProviderSettings, ProviderTypes } from './option-problems.ts';
import type { SecretSource } from './secrets.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface BorrowedSetting {
  /** `['providers', 'main', 'apiToken']` */
  readonly path: KeyPath;
  /** `NAME_FILE` holds a path in the place of the value, as lego has it. */
  readonly source: SecretSource & { readonly kind: 'env' | 'file' };
  readonly variable: string;
}

/** What the environment can lend to the config, in the order of the file. The config always wins. */
export async function borrowedSettings(
  document: unknown,
  types: ProviderTypes,
  env: Environment,
): Promise<BorrowedSetting[]> {
  const providers = valueAt(document, ['providers']);
  if (typeof providers !== 'object' || providers === null) return [];
  const found = await Promise.all(
    Object.entries(providers).map(async ([name, provider]) => {
      const type = valueAt(provider, ['type']);
      const settings = typeof type === 'string' ? await settingsOf(type, types) : null;
      return Object.entries(settings?.environment ?? {}).flatMap(([key, variables]) => {
        const inner = key.split('.');
        if (valueAt(provider, inner) !== undefined) return [];
        const lent = variables.map((variable) => lentBy(variable, env)).find((each) => each !== null);
        return lent == null ? [] : [{ path: ['providers', name, ...inner], ...lent }];
      });
    }),
  );
  return found.flat();
}

/** That an adapter is of no use is for those to say who check the config. */
async function settingsOf(type: string, types: ProviderTypes): Promise<ProviderSettings | null> {
  try {
    return await types.settings(type);
  } catch (error) {
    if (error instanceof DelegatedError) return null;
    throw error;
  }
}

function lentBy(variable: string, env: Environment): Pick<BorrowedSetting, 'source' | 'variable'> | null {
  if ((env[variable] ?? '') !== '') return { variable, source: { kind: 'env', name: variable } };
  const file = env[`${variable}_FILE`] ?? '';
  return file === '' ? null : { variable: `${variable}_FILE`, source: { kind: 'file', name: file } };
}

/** The document with each borrowed setting in its place. */
export function withBorrowed(
  document: unknown,
  borrowed: readonly BorrowedSetting[],
  values: readonly string[],
): unknown {
  return borrowed.reduce((changed, { path }, index) => placed(changed, path, values[index] ?? ''), document);
}

/** Makes the mappings on the way; leaves alone what is no mapping, for the schema to complain about. */
function placed(value: unknown, [key, ...rest]: KeyPath, setting: string): unknown {
  if (key === undefined) return setting;
  if (value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value)))
    return value;
  return { ...value, [key]: placed(valueAt(value, [key]), rest, setting) };
}

/** By provider: which variable each borrowed setting came from. */
export function variablesOf(
  borrowed: readonly BorrowedSetting[],
): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const found = new Map<string, Record<string, string>>();
  for (const { path, variable } of borrowed) {
    const [, name, ...inner] = path;
    found.set(String(name), { ...found.get(String(name)), [pathText(inner)]: variable });
  }
  return found;
}
