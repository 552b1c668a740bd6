import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { ForeignAccountKey } from '../acme/account-sight.ts';
import { FOREIGN_ACCOUNTS, mayBeAccountKey } from '../certificate/foreign-accounts.ts';
import type { ForeignTool } from '../certificate/foreign-layout.ts';
import { DelegatedError } from '../errors.ts';
import { readText } from './atomic-file.ts';
import { errnoOf, fileError } from './file-error.ts';

const CODE = 'E_SECRET';
/** Smaller ones are refused by every public CA (Let's Encrypt integration guide, 2026-08). */
const LEAST_RSA_BITS = 2048;
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** Where the accounts of a client lie, which keeps the certificates in that folder. */
export function foreignAccountsFolder(directory: string, tool: ForeignTool): string {
  const { up, folder } = FOREIGN_ACCOUNTS[tool];
  return resolve(directory, up, folder);
}

/**
 * The account keys of another ACME client for one CA; nothing of it is changed.
 * @param directory folder of the certificates
 * @throws DelegatedError E_SECRET when one cannot be read, is open to others, or is of a kind that signs no JWS of ours
 */
export async function readForeignAccountKeys(
  directory: string,
  tool: ForeignTool,
  directoryUrl: string,
): Promise<readonly ForeignAccountKey[]> {
  const root = foreignAccountsFolder(directory, tool);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(CODE, 'read', root, error);
  });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => mayBeAccountKey(tool, relative(root, path).replaceAll(sep, '/'), directoryUrl))
    .sort();
  return Promise.all(paths.map((path) => readAccountKey(path, root)));
}

/**
 * lego 4 leaves the key itself to the umask and closes the folders above it instead (verified 2026-11).
 * @param root nothing above it is looked at
 */
async function isExposed(path: string, root: string): Promise<boolean> {
  const { mode } = await stat(path).catch((error: unknown) => {
    throw fileError(CODE, 'read', path, error);
  });
  if ((mode & 0o077) === 0) return false;
  return path === root || isExposed(dirname(path), root);
}

async function readAccountKey(path: string, root: string): Promise<ForeignAccountKey> {
  if (await isExposed(path, root))
    throw new DelegatedError(CODE, `${path} can be used by others`, {
      hint: `chmod 600 ${path}; if others may have read it, leave out --account, so that a new account is made`,
    });
  const key = parseKey((await readText(path, CODE)) ?? '');
  if (key === null)
    throw new DelegatedError(CODE, `there is no private key that can be read in ${path}`, {
      hint: 'nothing was taken over; without --account a new account is made',
    });
  if (!signsJws(key))
    throw new DelegatedError(
      CODE,
      `the account key in ${path} is of a kind that is not used here (${key.asymmetricKeyType ?? 'unknown'})`,
      { hint: 'RSA from 2048 bits on, P-256, P-384 and P-521 are; without --account a new account is made' },
    );
  return { path, privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** PEM of any kind, or the JWK of certbot. What OpenSSL says of a bad one is dropped: the text is a secret. */
function parseKey(text: string): KeyObject | null {
  try {
    if (!text.trimStart().startsWith('{')) return createPrivateKey(text);
    return createPrivateKey({ key: JSON.parse(text), format: 'jwk' });
  } catch {
    return null;
  }
}

function signsJws({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): boolean {
  return asymmetricKeyType === 'rsa'
    ? (details?.modulusLength ?? 0) >= LEAST_RSA_BITS
    : asymmetricKeyType === 'ec' && CURVES.has(details?.namedCurve ?? '');
}
