import { generateKeyPair } from 'node:crypto';
import { chmod, mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isRecord } from '../../acme/is-record.ts';
import { DelegatedError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import {
  createFileAtomic,
  readText,
  removeFile,
  sweepTemporaries,
  syncDirectory,
  writeFileAtomic,
} from '../atomic-file.ts';
import { errnoOf, fileError } from '../file-error.ts';

/** `account.json`: what a key can be turned into again by asking the CA, kept to save that request. */
export interface StoredAccount {
  readonly url: string;
  /** The directory URL of the CA. */
  readonly ca: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly contact?: string;
}

export interface AccountKey {
  /** PKCS#8 PEM. */
  readonly pem: string;
  /** Made just now, so that no CA can know it. */
  readonly isNew: boolean;
}

/**
 * The account key; one that is missing is made (EC P-256), and is on disk before it is used: a key that was registered
 * and lost is an account that nobody can close.
 * @throws DelegatedError E_SECRET when others may read the file, E_STATE when the folder cannot be used
 */
export async function openAccountKey(directory: string): Promise<AccountKey> {
  const path = accountKeyFile(directory);
  const existing = await readKey(path);
  if (existing !== null) return { pem: existing, isNew: false };
  await makeDirectory(directory);
  const pem = await makeKey();
  if (await createFileAtomic(path, { content: pem, mode: 0o600 }, 'E_STATE')) return { pem, isNew: true };
  const other = await readKey(path);
  if (other === null)
    throw new DelegatedError('E_STATE', `${path} comes and goes`, {
      hint: 'does another program clean up there?',
    });
  return { pem: other, isNew: false };
}

/**
 * Puts the key of an account that was made elsewhere in the place of one that is not there yet.
 * @returns false: there is one already, and it stays
 */
export async function placeAccountKey(directory: string, pem: string): Promise<boolean> {
  await makeDirectory(directory);
  return createFileAtomic(accountKeyFile(directory), { content: pem, mode: 0o600 }, 'E_STATE');
}

export function accountKeyFile(directory: string): string {
  return join(directory, 'account.key');
}

/** The key that the CA is asked to put in the place of the account's: there from before it is asked until it is settled. */
export function nextKeyFile(directory: string): string {
  return join(directory, 'next.key');
}

/** Null: no change of the key is open. */
export async function readNextKey(directory: string): Promise<string | null> {
  return readKey(nextKeyFile(directory));
}

/**
 * On disk before it returns: the CA must never know a key that we could lose. Half-written keys of runs that died are
 * swept, no CA knows them; the caller holds the lock of the state directory, so they are nobody's at work.
 */
export async function makeNextKey(directory: string): Promise<string> {
  const pem = await makeKey();
  try {
    await sweepTemporaries(directory);
  } catch (error) {
    throw fileError('E_STATE', 'clean up', directory, error);
  }
  await writeFileAtomic(nextKeyFile(directory), { content: pem, mode: 0o600 }, 'E_STATE');
  return pem;
}

/** The CA has changed to it: one rename, so that at every moment one of the two names holds it. */
export async function promoteNextKey(directory: string): Promise<void> {
  try {
    await rename(nextKeyFile(directory), accountKeyFile(directory));
    await syncDirectory(directory);
  } catch (error) {
    throw fileError('E_STATE', 'write', accountKeyFile(directory), error);
  }
}

/** The CA has not changed to it. */
export async function dropNextKey(directory: string): Promise<void> {
  await removeFile(nextKeyFile(directory), 'E_STATE');
}

/** Moves the folder of an account that is closed out of the way. @returns its new path */
export async function setAside(directory: string, now: Date): Promise<string> {
  const aside = `${directory}.deactivated-${now.toISOString().replaceAll(/[:.]/g, '')}`;
  try {
    await rename(directory, aside);
    await syncDirectory(dirname(directory));
    return aside;
  } catch (error) {
    throw fileError('E_STATE', 'move', directory, error);
  }
}

async function makeKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * The key that is there, PKCS#8 PEM; null when there is none.
 * @throws DelegatedError E_SECRET, E_STATE when it could not be used
 */
export function inspectAccountKey(directory: string): Promise<string | null> {
  return readKey(accountKeyFile(directory));
}

/** Null when there is none, or none that is of use: the key finds the account again. */
export async function readAccount(directory: string, log: Log): Promise<StoredAccount | null> {
  const path = join(directory, 'account.json');
  const text = await readText(path, 'E_STATE');
  if (text === null) return null;
  const account = parseAccount(text);
  if (account === null) log.warn('the file is damaged; asking the CA for the account of the key', { path });
  return account;
}

export async function writeAccount(directory: string, account: StoredAccount): Promise<void> {
  const content = `${JSON.stringify(account, null, 2)}\n`;
  await writeFileAtomic(join(directory, 'account.json'), { content, mode: 0o600 }, 'E_STATE');
}

function parseAccount(text: string): StoredAccount | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return null;
    const { url, ca, createdAt, contact } = value;
    if (typeof url !== 'string' || typeof ca !== 'string' || typeof createdAt !== 'string') return null;
    return { url, ca, createdAt, ...(typeof contact === 'string' && { contact }) };
  } catch {
    return null;
  }
}

async function readKey(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      throw new DelegatedError(
        'E_SECRET',
        `${path} can be used by others (mode ${(mode & 0o777).toString(8)})`,
        {
          hint: `chmod 600 ${path}; if others may have read it, then \`delegated account rollover\``,
        },
      );
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fileError('E_STATE', 'read', path, error);
  }
  return readText(path, 'E_SECRET');
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    // mkdir's mode is subject to the umask, and says nothing of a folder that is there already.
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
  } catch (error) {
    throw fileError('E_STATE', 'create', directory, error);
  }
}
