import type { Directory } from '../../acme/directory.ts';
import { problemOf } from '../../acme/problem-error.ts';
import { DelegatedError, asDelegatedError } from '../../errors.ts';
import {
  accountKeyFile,
  dropNextKey,
  makeNextKey,
  nextKeyFile,
  promoteNextKey,
  readNextKey,
} from './account-files.ts';
import type { Answer } from './answer.ts';
import { type AcmeKey, acmeKey, type Signer } from './signer.ts';

/** The CA's answer for the account of a key; null: the CA says that it knows no such account. */
export type LookUp = (key: AcmeKey, signal: AbortSignal) => Promise<Answer | null>;

export interface Changed {
  readonly answer: Answer;
  readonly key: AcmeKey;
}

type DirectoryOf = (signal: AbortSignal) => Promise<Directory>;

export interface KeyChangePorts {
  readonly signer: Signer;
  readonly directoryOf: DirectoryOf;
  readonly lookUp: LookUp;
}

/** RFC 8555 §7.3.1: finds, never makes. */
export function createLookUp(signer: Signer, directoryOf: DirectoryOf): LookUp {
  return async (key, signal) => {
    const { newAccount: url } = await directoryOf(signal);
    const payload = { onlyReturnExisting: true };
    const request = { url, payload, kid: null, what: 'look-up of the account', asked: 'newAccount' } as const;
    return signer.post(request, key, signal).catch((error: unknown) => {
      if (problemOf(error)?.type === 'accountDoesNotExist') return null;
      throw error;
    });
  };
}

/**
 * Finds out how an interrupted change of the key ended, by asking the CA, and ends it on disk. Nothing on disk changes
 * before the CA has said which key is the account's.
 * @param old the key in `account.key`
 * @returns the account under its new key; null: there was no change, or the old key is still the one
 */
export async function settleKeyChange(
  directory: string,
  lookUp: LookUp,
  old: AcmeKey,
  signal: AbortSignal,
): Promise<Changed | null> {
  const pem = await readNextKey(directory);
  if (pem === null) return null;
  const key = acmeKey(pem, nextKeyFile(directory));
  const byNew = await lookUp(key, signal);
  const byOld = await lookUp(old, signal);
  if (byNew !== null && byOld !== null)
    throw new DelegatedError(
      'E_ACME_ACCOUNT',
      `${nextKeyFile(directory)} and ${accountKeyFile(directory)} are the keys of two accounts`,
      { hint: `the second is in use; move ${nextKeyFile(directory)} away` },
    );
  if (byNew !== null) {
    await promoteNextKey(directory);
    return { answer: byNew, key };
  }
  // Where the CA knows neither, it has forgotten the account, which is made again with the old key.
  await dropNextKey(directory);
  return null;
}

/**
 * RFC 8555 §7.3.5. The new key is on disk before the CA is asked. After an answer that never came the CA is asked which
 * key it has; where it cannot be asked, both keys stay, and the next use of the account asks.
 * @throws DelegatedError as `problemError` says; E_ACME_PROBLEM where the CA changes no keys
 */
export async function changeKey(
  directory: string,
  { url: account, key: old }: { readonly url: string; readonly key: AcmeKey },
  { signer, directoryOf, lookUp }: KeyChangePorts,
  signal: AbortSignal,
): Promise<Changed> {
  const { keyChange: url } = await directoryOf(signal);
  if (url === undefined)
    throw new DelegatedError('E_ACME_PROBLEM', 'this CA changes no account keys', {
      hint: 'deactivate the account instead (`delegated account deactivate`); the next renewal makes another',
    });
  const key = acmeKey(await makeNextKey(directory), nextKeyFile(directory));
  try {
    const payload = await signer.sign(url, { account, oldKey: old.jwk }, key);
    await signer.post({ url, payload, kid: account, what: 'change of the account key' }, old, signal);
  } catch (thrown) {
    if (isRefusal(thrown)) {
      await dropNextKey(directory);
      throw thrown;
    }
    const settled = await settleKeyChange(directory, lookUp, old, signal);
    if (settled === null) throw thrown;
    return settled;
  }
  const answer = await lookUp(key, signal);
  if (answer === null)
    throw new DelegatedError('E_ACME_ACCOUNT', 'the CA took the new key and does not know it', {
      hint: 'both keys are kept; run the command again',
    });
  await promoteNextKey(directory);
  return { answer, key };
}

/**
 * The CA has surely kept the old key: it said no, or was never reached. A stop on request says nothing of what the CA did,
 * nor does the 503 of a front end.
 */
function isRefusal(thrown: unknown): boolean {
  const { code, outcome } = asDelegatedError(thrown);
  const status = problemOf(thrown)?.status;
  return status === undefined ? code === 'E_ACME_UNREACHABLE' && outcome === 'not-applied' : status < 500;
}
