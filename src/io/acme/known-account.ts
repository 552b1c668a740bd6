import type { KnownAccount } from '../../acme/account-uri.ts';
import { jwkThumbprint } from '../../acme/dns01-value.ts';
import type { Log } from '../../ports.ts';
import { accountKeyFile, inspectAccountKey, nextKeyFile, readAccount, readNextKey } from './account-files.ts';
import { acmeKey } from './signer.ts';

/**
 * The account of an account directory, without a word to the CA. Null when there is none, or none that is of use.
 * @throws DelegatedError E_SECRET when others can use its key, E_STATE
 */
export async function knownAccount(directory: string, log: Log): Promise<KnownAccount | null> {
  const pem = await inspectAccountKey(directory);
  const stored = await readAccount(directory, log);
  if (pem === null || stored === null) return null;
  const next = await readNextKey(directory);
  return {
    url: stored.url,
    thumbprint: thumbprintOf(pem, accountKeyFile(directory)),
    ...(next !== null && { nextThumbprint: thumbprintOf(next, nextKeyFile(directory)) }),
  };
}

/** RFC 7638. @param path for the message of a key that is of no use */
export function thumbprintOf(pem: string, path: string): string {
  return jwkThumbprint(acmeKey(pem, path).jwk);
}
