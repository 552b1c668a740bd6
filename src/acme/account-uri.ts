import { createHash } from 'node:crypto';
import type { DomainName } from '../dns/domain-name.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import type { Directory } from './directory.ts';

/** An account at a CA, as far as no secret goes. */
export interface KnownAccount {
  /** RFC 8555 §7.3. */
  readonly url: string;
  /** Of its key (RFC 7638), base64url. */
  readonly thumbprint: string;
}

/** Stands for whatever domain there is (draft -02 §4.1). */
const ANY_DOMAIN = '*';

/**
 * How a standing value names the account: by its URL until draft-ietf-acme-dns-persist-01 (Pebble 2.10, 2026), by a digest
 * over domain, key and URL since -02 (2026-09), which a CA shows by an `accountHashPrefix`. The first one is what to
 * publish; a CA has to take the others as well.
 * @param domain at which the value stands, without a wildcard
 */
export function accountUris(
  { accountHashPrefix: prefix }: Pick<Directory, 'accountHashPrefix'>,
  account: KnownAccount,
  domain: DomainName,
): [string, ...string[]] {
  if (prefix === undefined) return [account.url];
  const hashed = (name: string): string => `${prefix}sha-256/${digest(name, account)}`;
  return [hashed(relativeToRoot(domain)), hashed(ANY_DOMAIN)];
}

function digest(domain: string, { url, thumbprint }: KnownAccount): string {
  return createHash('sha256')
    .update(Uint8Array.of(domain.length))
    .update(`${domain}${thumbprint}${url}`)
    .digest('base64url');
}
