import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import type { SecretSource } from '../config/secrets.ts';
import { DelegatedError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { errnoOf } from './file-error.ts';

export interface SecretWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Relative paths start here. */
  readonly folder: string;
}

const OTHERS = 0o007;
const GROUP = 0o070;
/** A key file of a cloud provider is some kilobytes. */
const LONGEST = 1 << 20;

/**
 * The secret without the line end behind it.
 * @param where names the place in the config, for messages
 * @throws DelegatedError E_SECRET
 */
export async function readSecret(source: SecretSource, where: string, world: SecretWorld): Promise<string> {
  const secret = (await readSource(source, where, world)).replace(/[\r\n]+$/, '');
  if (secret !== '') return secret;
  throw new DelegatedError('E_SECRET', `${where}: the secret from ${source.kind} ${source.name} is empty`, {
    hint: 'write the secret there',
  });
}

function readSource({ kind, name }: SecretSource, where: string, world: SecretWorld): Promise<string> {
  if (kind === 'env') return readVariable(name, where, world.env);
  if (kind === 'credential') return readCredential(name, where, world);
  return readSecretFile(isAbsolute(name) ? name : join(world.folder, name), where, world.log);
}

async function readVariable(name: string, where: string, env: SecretWorld['env']): Promise<string> {
  const value = env[name];
  if (value !== undefined) return value;
  throw new DelegatedError('E_SECRET', `${where}: the environment has no variable ${name}`, {
    hint: 'set it, or use { file: PATH }: an environment is inherited by every child',
  });
}

async function readCredential(name: string, where: string, { env, log }: SecretWorld): Promise<string> {
  if (name === '' || name !== basename(name) || name.startsWith('.'))
    throw new DelegatedError(
      'E_SECRET',
      `${where}: ${JSON.stringify(name)} is not the name of a credential`,
      {
        hint: 'write the name that LoadCredential= gives it; for a path use { file: PATH }',
      },
    );
  const directory = env['CREDENTIALS_DIRECTORY'];
  if (directory === undefined || directory === '')
    throw new DelegatedError(
      'E_SECRET',
      `${where}: there is no $CREDENTIALS_DIRECTORY, so no credential ${name}`,
      { hint: `let systemd run it, with LoadCredential=${name}:/path in the unit` },
    );
  return readSecretFile(join(directory, name), where, log);
}

/** Looks at the open file and not at its name, which may be another file a moment later. */
async function readSecretFile(path: string, where: string, log: Log): Promise<string> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK the open of a FIFO waits for a writer, for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > LONGEST)
      throw new DelegatedError('E_SECRET', `${where}: ${path} is not a file with a secret`, {
        hint: 'name a plain file that holds the secret and nothing else',
      });
    if ((stats.mode & OTHERS) !== 0)
      throw new DelegatedError('E_SECRET', `${where}: ${path} can be read by others`, {
        hint: `chmod o= ${path}`,
      });
    // Who owns it needs no group to read it; who does not may well be meant by the group.
    if ((stats.mode & GROUP) !== 0 && stats.uid === ownUid())
      log.warn(`${path} holds a secret and is open to its group`, { hint: `chmod g= ${path}` });
    return await file.readFile('utf8');
  } catch (error) {
    if (error instanceof DelegatedError) throw error;
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const why = WHY[errno] ?? `cannot be read (${errno})`;
    throw new DelegatedError('E_SECRET', `${where}: ${path} ${why}`, {
      hint: 'write the secret there, readable by the user that runs delegated',
      cause: error,
    });
  } finally {
    await file?.close();
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder',
};

/** Null where our uid has no entry in the user database, as in some containers. */
function ownUid(): number | null {
  try {
    return userInfo().uid;
  } catch {
    return null;
  }
}
