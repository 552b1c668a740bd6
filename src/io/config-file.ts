import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { type ProviderTypes, parseConfig } from '../config/parse-config.ts';
import { type KeyPath, configError, pathText } from '../config/problem.ts';
import { type SecretSource, inlineSecrets, secretReferences, withSecrets } from '../config/secrets.ts';
import { type YamlDocument, readYaml } from '../config/yaml-document.ts';
import { DelegatedError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { errnoOf } from './file-error.ts';
import type { Redactor } from './redaction.ts';

export interface ConfigWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly types: ProviderTypes;
}

const OTHERS = 0o007;
const OTHERS_READ = 0o004;

/**
 * Reads, resolves the secrets, checks everything.
 * @throws DelegatedError E_CONFIG with every problem in it; E_SECRET
 */
export async function loadConfig(file: string, world: ConfigWorld): Promise<Config> {
  const path = resolve(file);
  const yaml = readYaml(await readConfigText(path));
  if (!yaml.ok) throw configError(path, yaml.problems);
  const inline = inlineSecrets(yaml.document.value);
  for (const secret of inline) world.redactor.register(secret);
  if (inline.length > 0) await warnIfOpen(path, world.log);
  const values: string[] = [];
  for (const { path: key, source } of secretReferences(yaml.document.value)) {
    const secret = await readSecret(source, place(path, yaml.document, key), dirname(path), world);
    world.redactor.register(secret);
    values.push(secret);
  }
  const document = { ...yaml.document, value: withSecrets(yaml.document.value, values) };
  return parseConfig(document, path, world.types, await readCaCertificates(yaml.document, path));
}

async function readConfigText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const why =
      errnoOf(error) === 'ENOENT'
        ? 'there is no such file'
        : errnoOf(error) === 'EACCES'
          ? 'it may not be read'
          : String(error);
    throw new DelegatedError('E_CONFIG', `${path}: ${why}`, {
      hint: 'name the config with -c FILE or $DELEGATED_CONFIG, or write one with `delegated config init SERVER_NAME`',
      cause: error,
    });
  }
}

/** `config.yaml:7:15: providers.main.key.secret` */
function place(file: string, document: YamlDocument, key: KeyPath): string {
  const { line, column } = document.position(key, 'value');
  return `${file}:${line}:${column}: ${pathText(key)}`;
}

async function readSecret(
  { kind, name }: SecretSource,
  where: string,
  folder: string,
  { env }: ConfigWorld,
): Promise<string> {
  const secret = await read();
  if (secret === '')
    throw new DelegatedError('E_SECRET', `${where}: the secret from ${kind} ${name} is empty`, {
      hint: 'write the secret there',
    });
  return secret;

  async function read(): Promise<string> {
    if (kind === 'env') {
      const value = env[name];
      if (value === undefined)
        throw new DelegatedError('E_SECRET', `${where}: the environment has no variable ${name}`, {
          hint: 'set it, or use { file: PATH }: an environment is inherited by every child',
        });
      return value.trim();
    }
    if (kind === 'file') return readSecretFile(isAbsolute(name) ? name : join(folder, name), where);
    const directory = env['CREDENTIALS_DIRECTORY'];
    if (directory === undefined)
      throw new DelegatedError(
        'E_SECRET',
        `${where}: there is no $CREDENTIALS_DIRECTORY, so no credential ${name}`,
        { hint: `run it by systemd with LoadCredential=${name}:/path` },
      );
    return readSecretFile(join(directory, name), where);
  }
}

async function readSecretFile(path: string, where: string): Promise<string> {
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS) !== 0)
      throw new DelegatedError('E_SECRET', `${where}: ${path} can be read by others`, {
        hint: `chmod o= ${path}`,
      });
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof DelegatedError) throw error;
    const why = errnoOf(error) === 'ENOENT' ? 'does not exist' : 'cannot be read';
    throw new DelegatedError('E_SECRET', `${where}: ${path} ${why}`, {
      hint: 'write the secret there, readable by the user that runs delegated',
      cause: error,
    });
  }
}

async function warnIfOpen(path: string, log: Log): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & OTHERS_READ) !== 0)
    log.warn(`${path} holds a secret and can be read by others`, { hint: `chmod o= ${path}` });
}

async function readCaCertificates(document: YamlDocument, file: string): Promise<string | undefined> {
  const key = ['acme', 'caCertificates'];
  const path: unknown = key.reduce<unknown>(
    (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
    document.value,
  );
  if (typeof path !== 'string' || !isAbsolute(path)) return undefined;
  const wrong = (message: string): DelegatedError =>
    configError(file, [{ ...document.position(key, 'value'), path: pathText(key), message }]);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrong(errnoOf(error) === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read`);
  });
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw wrong(`${path} holds no PEM certificate`);
  return text;
}
