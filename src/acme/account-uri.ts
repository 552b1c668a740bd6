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
  /** Of the key that an interrupted change was to bring: until the CA is asked, either may be the account's. */
  readonly nextThumbprint?: string;
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
  const { url, thumbprint, nextThumbprint } = account;
  const hashed = (name: string, print: string): string => `${prefix}sha-256/${digest(name, print, url)}`;
  const names = [relativeToRoot(domain), ANY_DOMAIN];
  const byNext = nextThumbprint === undefined ? [] : names.map((name) => hashed(name, nextThumbprint));
  return [hashed(relativeToRoot(domain), thumbprint), hashed(ANY_DOMAIN, thumbprint), ...byNext];
}

/** Whether another key of the account makes its standing values wrong. */
export function namesKey({ accountHashPrefix }: Pick<Directory, 'accountHashPrefix'>): boolean {
  return accountHashPrefix !== undefined;
}

function digest(domain: string, thumbprint: string, url: string): string {
  return createHash('sha256')
    .update(Uint8Array.of(domain.length))
    .update(`${domain}${thumbprint}${url}`)
    .digest('base64url');
}
