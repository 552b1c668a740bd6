import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { type BorrowedSetting, borrowedSettings, withBorrowed } from '../config/environment.ts';
import { valueAt } from '../config/issues.ts';
import { type CheckedConfig, type ProviderTypes, checkConfig } from '../config/parse-config.ts';
import { type ConfigProblem, type KeyPath, configError, inFileOrder, pathText } from '../config/problem.ts';
import {
  type SecretReference,
  inlineSecrets,
  isSecretKey,
  secretReferences,
  withSecrets,
} from '../config/secrets.ts';
import { type YamlDocument, readYaml } from '../config/yaml-document.ts';
import { DelegatedError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { errnoOf } from './file-error.ts';
import type { Redactor } from './redaction.ts';
import { readSecret } from './secret-reader.ts';

export interface ConfigWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly types: ProviderTypes;
  /**
   * `leave` is for those who only look and may not read the secrets: a word stands in for each of them, and no adapter
   * is to be made from the config. Default: `read`.
   */
  readonly secrets?: 'read' | 'leave';
}

const OTHERS_READ = 0o004;
const NOT_READ = '(not read)';

/**
 * Checks everything, then resolves the secrets, then has the adapters check those.
 * @throws DelegatedError E_CONFIG with every problem in it, E_SECRET with every secret that cannot be had
 */
export async function loadConfig(file: string, world: ConfigWorld): Promise<Config> {
  const path = resolve(file);
  const yaml = readYaml(await readConfigText(path));
  if (!yaml.ok) throw configError(path, yaml.problems);
  const inline = inlineSecrets(yaml.document.value);
  const borrowed = await borrowedSettings(yaml.document.value, world.types, world.env);
  const document = await lent(borrowed, yaml.document, path, world);
  for (const secret of inline) world.redactor.register(secret);
  const references = secretReferences(document.value);
  const ca = await readCaCertificates(document);
  const check = (values: readonly string[], unread: readonly KeyPath[]): Promise<CheckedConfig> =>
    checkConfig({
      document: { ...document, value: withSecrets(document.value, values) },
      file: path,
      types: world.types,
      caCertificates: ca.text,
      unread,
      borrowed,
    });
  const first = await check(
    references.map(() => NOT_READ),
    [...references, ...(world.secrets === 'leave' ? borrowed : [])].map(({ path }) => path),
  );
  const config = accept(first, ca.problems, path);
  if (inline.length > 0) await warnIfOpen(path, world.log);
  if (world.secrets === 'leave' || references.length === 0) return config;
  const values = await readSecrets(references, document, path, world);
  return accept(await check(values, []), [], path);
}

async function lent(
  borrowed: readonly BorrowedSetting[],
  document: YamlDocument,
  file: string,
  world: ConfigWorld,
): Promise<YamlDocument> {
  if (borrowed.length === 0) return document;
  const values =
    world.secrets === 'leave'
      ? borrowed.map(() => NOT_READ)
      : await readSecrets(borrowed, document, file, world);
  return { ...document, value: withBorrowed(document.value, borrowed, values) };
}

function accept(checked: CheckedConfig, more: readonly ConfigProblem[], file: string): Config {
  if (checked.ok && more.length === 0) return checked.config;
  throw configError(file, inFileOrder([...(checked.ok ? [] : checked.problems), ...more]));
}

/** All of them at once; a person who repairs one wants to hear of the others too. */
async function readSecrets(
  references: readonly (SecretReference | BorrowedSetting)[],
  document: YamlDocument,
  file: string,
  { env, log, redactor }: ConfigWorld,
): Promise<string[]> {
  const values: string[] = [];
  const failures: DelegatedError[] = [];
  for (const reference of references)
    try {
      const { path, source } = reference;
      const { line, column } = document.position(path, 'value');
      const where = `${file}:${line}:${column}: ${pathText(path)}`;
      const secret = await readSecret(source, where, { env, log, folder: dirname(file) });
      if (!('variable' in reference) || isSecretKey(path)) redactor.register(secret);
      values.push(secret);
    } catch (error) {
      if (!(error instanceof DelegatedError)) throw error;
      failures.push(error);
    }
  const [failure] = failures;
  if (failure === undefined) return values;
  throw new DelegatedError('E_SECRET', failures.map(({ message }) => message).join('\n'), {
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    cause: failure,
  });
}

async function readConfigText(path: string): Promise<string> {
  try {
    return decoded(await readFile(path), path);
  } catch (error) {
    const errno = errnoOf(error);
    if (error instanceof DelegatedError || errno === undefined) throw error;
    throw new DelegatedError('E_CONFIG', `${path}: ${WHY[errno] ?? `it cannot be read (${errno})`}`, {
      hint:
        errno === 'EACCES'
          ? 'run it as root, or as the user that delegated runs as; else let this user read the file and enter its folders'
          : 'name the config with -c FILE or $DELEGATED_CONFIG, or write one with `delegated config init SERVER_NAME`',
      cause: error,
    });
  }
}

const REPLACED = '\uFFFD';

/** Another encoding would be read as something that nobody has written, a password among it. */
function decoded(bytes: Buffer, path: string): string {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return text;
  const before = text.slice(0, text.indexOf(REPLACED)).split('\n');
  const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  const message = 'this is not UTF-8 — save the file as UTF-8 (iconv converts it)';
  throw configError(path, [{ ...place, path: '', message }]);
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'it is a folder',
};

async function warnIfOpen(path: string, log: Log): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & OTHERS_READ) !== 0)
    log.warn(`${path} holds a secret and can be read by others`, { hint: `chmod o= ${path}` });
}

async function readCaCertificates(
  document: YamlDocument,
): Promise<{ readonly text: string | undefined; readonly problems: readonly ConfigProblem[] }> {
  const key = ['acme', 'caCertificates'];
  const path = valueAt(document.value, key);
  // Whatever else it is, the schema has a word to say about.
  if (typeof path !== 'string' || !isAbsolute(path)) return { text: undefined, problems: [] };
  const wrong = (message: string): { text: undefined; problems: ConfigProblem[] } => ({
    text: undefined,
    problems: [{ ...document.position(key, 'value'), path: pathText(key), message }],
  });
  try {
    const text = await readFile(path, 'utf8');
    return text.includes('-----BEGIN CERTIFICATE-----')
      ? { text, problems: [] }
      : wrong(`${path} holds no PEM certificate`);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return wrong(`${path}: ${WHY[errno] ?? `it cannot be read (${errno})`}`);
  }
}
