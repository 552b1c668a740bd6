/** Which standing values (dns-persist-01) a site needs, and what a CA has to find in them. */
import { type KnownAccount, accountUris } from './acme/account-uri.ts';
import type { Directory } from './acme/directory.ts';
import { issuerDomainNames } from './acme/issuer-domain-names.ts';
import type { StandingNeed, StandingValue } from './acme/standing-value.ts';
import type { PersistConfig, SiteConfig } from './config/config.ts';
import { type DomainName, isWildcard, under, withoutWildcard } from './dns/domain-name.ts';
import { wantedNames } from './issuance.ts';

/** One name of the certificate, without its wildcard. */
export interface ValidatedDomain {
  readonly domain: DomainName;
  /** Where the CA looks for the value. */
  readonly name: DomainName;
  /** Whether the certificate has a wildcard there. */
  readonly wildcard: boolean;
}

export interface StandingName extends ValidatedDomain {
  readonly need: StandingNeed;
  /** Null while nobody knows which name the CA goes by. */
  readonly wanted: StandingValue | null;
}

/** At a CA, without asking it for an order. */
export interface StandingAccount {
  readonly directory: Pick<Directory, 'issuerDomainNames' | 'caaIdentities' | 'accountHashPrefix'>;
  readonly account: KnownAccount;
}

/** The label is that of draft-ietf-acme-dns-persist; the apex and its wildcard share a value. */
export function validatedDomains(site: SiteConfig): ValidatedDomain[] {
  const names = site.certificate === null ? [] : wantedNames(site);
  return [...new Set(names.map(withoutWildcard))].map((domain) => ({
    domain,
    name: under('_validation-persist', domain),
    wildcard: names.some((name) => isWildcard(name) && withoutWildcard(name) === domain),
  }));
}

/** The TXT names that a CA looks at for a site, by whichever way it validates. */
export function challengeNames(site: SiteConfig): DomainName[] {
  const domains = validatedDomains(site);
  if (site.persist !== undefined) return domains.map(({ name }) => name);
  return domains.map(({ domain }) => under('_acme-challenge', domain));
}

/**
 * What a CA goes by: its directory says so since draft -02. Before, only a challenge did, and what CAs have put there
 * (Pebble 2.10) is among the names that CAA records have for them, as -02 demands.
 */
export function issuersOf({
  issuerDomainNames: named,
  caaIdentities,
}: StandingAccount['directory']): readonly string[] | null {
  return named ?? issuerDomainNames(caaIdentities?.map((name) => name.toLowerCase().replace(/\.$/, '')));
}

/** @param issuers what the CA says that it goes by; default: what its directory says */
export function standingName(
  { domain, name, wildcard }: ValidatedDomain,
  { until }: PersistConfig,
  { directory, account }: StandingAccount,
  issuers: readonly string[] | null = issuersOf(directory),
): StandingName {
  const uris = accountUris(directory, account, domain);
  const [issuer] = issuers ?? [];
  return {
    domain,
    name,
    wildcard,
    need: { issuers, accountUris: uris, wildcard },
    wanted:
      issuer === undefined ? null : { issuer, accountUri: uris[0], wildcard, persistUntil: until ?? null },
  };
}
