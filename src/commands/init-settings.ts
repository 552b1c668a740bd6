import { basename, join, resolve } from 'node:path';
import { findAdapter, providerTypes } from '../../providers/registry.ts';
import { type ExampleSetting, settingsIn, withAnswers } from '../config/example-settings.ts';
import { optionProblems } from '../config/option-problems.ts';
import { secretReferences, withSecrets } from '../config/secrets.ts';
import { readYaml } from '../config/yaml-document.ts';
import { DelegatedError } from '../errors.ts';
import { type SecretFile, askSecret } from './init-secret.ts';
import type { Interview } from './interview.ts';

/** Whose records the provider writes, and where its config will lie. */
export interface SettingsPlace {
  readonly serverName: string;
  /** Without the dot; null: nobody knows. */
  readonly zone: string | null;
  /** Of the config file, absolute. */
  readonly folder: string;
}

export interface ProviderAnswers {
  /** Lines of YAML. */
  readonly settings: string;
  readonly secrets: readonly SecretFile[];
  /** The program that is started for each change, where the provider is one. */
  readonly program: string | null;
}

const LEFT_OUT = '-';
/** In the place of a secret that is still to be written: the schema of its adapter is not asked about it. */
const UNREAD = '(not read)';

/** Asks for each setting that the adapter shows in its example, with what stands there as the usual answer. */
export async function askSettings(
  type: string,
  place: SettingsPlace,
  interview: Interview,
): Promise<ProviderAnswers> {
  const adapter = await findAdapter(type, place.folder);
  const example = adapter?.example(place.serverName) ?? '';
  const settings = settingsIn(example);
  if (settings.length > 0)
    interview.say(
      `Settings of ${type} (${adapter?.title ?? type}). Enter takes what stands in brackets; "${LEFT_OUT}" leaves a setting out.`,
    );
  const answers = new Map<string, string | null>();
  const secrets: SecretFile[] = [];
  const accept = async (key: string, answer: string | null, typed: string | null = null): Promise<void> => {
    const lines = withAnswers(example, new Map([...answers, [key, answer]]));
    const [problem] = await problemsAt(key, type, lines, typed, place.folder);
    if (problem !== undefined) throw new DelegatedError('E_USAGE', problem);
    answers.set(key, answer);
  };
  for (const setting of settings) {
    const { key, value, kind, comment } = setting;
    const label = comment === '' ? key : `${key} (${comment})`;
    if (kind !== 'secret-file') {
      const usual = usualOf(setting, place);
      const read = (answer: string): Promise<void> => accept(key, answer === LEFT_OUT ? null : answer);
      await interview.ask(`  ${label}`, read, usual);
      continue;
    }
    const path = join(place.folder, basename(value));
    answers.set(key, path);
    const secret = await askSecret(label, path, interview, (typed) =>
      typed === LEFT_OUT ? accept(key, null) : accept(key, path, typed),
    );
    if (secret !== null && answers.get(key) !== null) secrets.push(secret);
  }
  const command = answers.get('command') ?? null;
  return {
    settings: withAnswers(example, answers),
    secrets,
    program: command === null ? null : resolve(place.folder, command.split(' ')[0] ?? ''),
  };
}

/** An example of what only the person knows is no answer; a zone that was seen is a better one than the example's. */
function usualOf(
  { key, value, kind }: ExampleSetting,
  { serverName, zone }: SettingsPlace,
): string | undefined {
  if (kind === 'list' && key === 'zones' && value === serverName) return zone ?? value;
  if (kind === 'list') return value;
  return /\bexample\b|^my-/.test(value) ? undefined : value;
}

/** What the adapter has to say of one setting among the others, as in a config; never with a value in it. */
async function problemsAt(
  key: string,
  type: string,
  settings: string,
  typed: string | null,
  folder: string,
): Promise<string[]> {
  const yaml = readYaml(
    `providers:\n  it:\n    type: ${JSON.stringify(type)}\n${settings.replace(/^/gm, '    ')}`,
  );
  if (!yaml.ok) return yaml.problems.map(({ message }) => message);
  const { document } = yaml;
  const secrets = secretReferences(document.value).map(({ path }) =>
    path.slice(2).join('.') === key ? (typed ?? UNREAD) : UNREAD,
  );
  const value = withSecrets(document.value, secrets);
  const types = { names: providerTypes, settings: (name: string) => findAdapter(name, folder) };
  const at = `providers.it.${key}`;
  return (await optionProblems({ ...document, value }, types))
    .filter(({ path }) => path === at || path.startsWith(`${at}.`) || path.startsWith(`${at}[`))
    .map(({ message }) => message);
}
