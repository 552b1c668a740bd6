/**
 * dns-persist-01 as a CA sees it (draft-ietf-acme-dns-persist-01 and -02, read 2026-11), written without a look at the
 * client's parser: what the one writes the other has to understand.
 */
import { createHash } from 'node:crypto';
import type { CaDoubleOptions } from './ca.ts';
import type { DoubleAccount, DoubleAuthorization } from './ca-objects.ts';

/** What goes into the directory. Before -02 there was nothing but the names that CAA records have. */
export function persistMeta(origin: string, { persist }: CaDoubleOptions): object {
  if (persist === undefined) return {};
  const { issuers, draft } = persist;
  if (draft === '01') return { caaIdentities: issuers };
  return { caaIdentities: issuers, issuerDomainNames: issuers, accountHashPrefix: prefixOf(origin) };
}

/** What goes into the challenge, besides what every challenge has. */
export function persistFields({ persist }: CaDoubleOptions): object | undefined {
  if (persist === undefined) return undefined;
  const { issuers, draft } = persist;
  return draft === '01' ? { 'issuer-domain-names': issuers } : { issuerDomainNames: issuers };
}

/** Null: a value at the name lets the account have a certificate (§4.2, §4.3.2, §5.1). */
export async function whyNotPersistent(
  authorization: DoubleAuthorization,
  account: DoubleAccount,
  origin: string,
  { persist, lookUp }: CaDoubleOptions,
): Promise<string | null> {
  if (persist === undefined || lookUp === undefined) return 'dns-persist-01 is not offered';
  const name = `_validation-persist.${authorization.name}`;
  const values = await lookUp(name).catch(() => []);
  const uris =
    persist.draft === '01'
      ? [account.url]
      : [authorization.name, '*'].map((domain) => hashed(domain, account, origin));
  const reasons = values.map((value) => {
    const [issuer = '', ...rest] = value.split(';').map((part) => part.trim());
    if (!persist.issuers.includes(issuer.toLowerCase())) return 'is for another CA';
    const parameters = Object.fromEntries(
      rest.map((part) => [part.slice(0, part.indexOf('=')).toLowerCase(), part.slice(part.indexOf('=') + 1)]),
    );
    if (!uris.includes(parameters['accounturi'] ?? '')) return 'is for another account';
    const until = parameters['persistuntil'];
    if (until !== undefined && Date.now() >= Number(until) * 1_000) return 'has expired';
    if (authorization.wildcard && parameters['policy'] !== 'wildcard') return 'has no policy=wildcard';
    return null;
  });
  if (reasons.includes(null)) return null;
  return reasons.length === 0 ? `no value at ${name}` : `the value at ${name} ${reasons.join(', ')}`;
}

function prefixOf(origin: string): string {
  return `${origin}/account-hash/`;
}

function hashed(domain: string, { url, thumbprint }: DoubleAccount, origin: string): string {
  const input = Buffer.concat([Buffer.from([domain.length]), Buffer.from(`${domain}${thumbprint}${url}`)]);
  return `${prefixOf(origin)}sha-256/${createHash('sha256').update(input).digest('base64url')}`;
}
