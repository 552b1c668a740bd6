/** Verb: the part of an issuance that dns-persist-01 does in its own way. Nothing of it is in the journal. */
import type { Authorization, PersistChallenge } from './acme/order.ts';
import { awaitStanding } from './await-standing.ts';
import type { Config, PersistConfig, SiteConfig } from './config/config.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { DelegatedError } from './errors.ts';
import type { Ctx, Ports } from './ports.ts';
import { publishStanding, standingAccount, standingNamesFor } from './reconcile-standing.ts';
import {
  type StandingAccount,
  type StandingName,
  issuersOf,
  standingName,
  validatedDomains,
} from './standing-names.ts';

export interface StandingIssuance {
  readonly site: SiteConfig;
  readonly persist: PersistConfig;
  readonly config: Config;
  readonly ports: Ports;
  readonly ctx: Ctx;
}

/**
 * Before the CA is asked for anything: an order that is bound to fail is one less in every limit.
 * @throws DelegatedError E_STANDING_VALUE, E_NOT_PROPAGATED
 */
export async function requireStanding(issuance: StandingIssuance): Promise<void> {
  const { site, persist, config, ports, ctx } = issuance;
  const known = await knownAccount(issuance);
  // What the values have to be is seen in the order then.
  if (issuersOf(known.directory) === null) return;
  await awaitStanding(site, standingNamesFor(site, persist, known), config, ports, ctx);
}

/**
 * The challenges to answer, once every authoritative server has the values for them.
 * @throws DelegatedError E_ACME_AUTHORIZATION where the CA does not offer the method; there is no way round it
 */
export async function answerableByStanding(
  issuance: StandingIssuance,
  pending: readonly Authorization[],
): Promise<PersistChallenge[]> {
  const { site, persist, config, ports, ctx } = issuance;
  const challenges = pending.map(offeredBy);
  const known = await knownAccount(issuance);
  const domains = validatedDomains(site);
  const names = pending.flatMap(({ name }, index): StandingName[] => {
    const domain = domains.find((each) => each.domain === name);
    const issuers = challenges[index]?.issuers;
    return domain === undefined || issuers === undefined
      ? []
      : [standingName(domain, persist, known, inOurOrder(issuers, known))];
  });
  // Until the order came nobody could say what to publish.
  if (issuersOf(known.directory) === null)
    for (const name of unique(names)) await publishStanding(site, name, 'apply', config, ports, ctx);
  await awaitStanding(site, unique(names), config, ports, ctx);
  return challenges;
}

/** The name that the directory has us publish comes first here as well. */
function inOurOrder(issuers: readonly string[], { directory }: StandingAccount): readonly string[] {
  const ours = issuersOf(directory)?.find((issuer) => issuers.includes(issuer));
  return ours === undefined ? issuers : [ours, ...issuers.filter((issuer) => issuer !== ours)];
}

function unique(names: readonly StandingName[]): StandingName[] {
  return [...new Map(names.map((each) => [each.name, each])).values()];
}

async function knownAccount({ config, ports, ctx }: StandingIssuance): Promise<StandingAccount> {
  const known = await standingAccount('apply', config, ports, ctx);
  if (known === null) throw new DelegatedError('E_BUG', 'an account was opened and is not there');
  return known;
}

function offeredBy({ name, offers, persist01 }: Authorization): PersistChallenge {
  if (persist01 !== undefined) return persist01;
  const whose = relativeToRoot(name);
  throw new DelegatedError(
    'E_ACME_AUTHORIZATION',
    offers.includes('dns-persist-01')
      ? `the dns-persist-01 challenge of the CA for ${whose} does not say which name it goes by`
      : `the CA offers no dns-persist-01 challenge for ${whose}, but ${offers.join(', ') || 'none at all'}`,
    { hint: 'use a CA that offers it, or leave `challenge.type` of the site out to be validated by dns-01' },
  );
}
