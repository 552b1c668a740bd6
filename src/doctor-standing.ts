/** The standing values of a site: would the CA take them at the next renewal, and do they allow no more than they have to? */
import { type StandingVerdict, judgeStanding } from './acme/standing-value.ts';
import { certificateSight } from './certificate-sight.ts';
import type { Config, SiteConfig } from './config/config.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { DelegatedError, type ErrorCode } from './errors.ts';
import { type Condition, type ConditionCode, condition } from './health/finding.ts';
import { type LookupPorts, followChallenge, zoneApex } from './lookup.ts';
import type { Ctx, Endpoint, Ports } from './ports.ts';
import { NO_ACCOUNT } from './reconcile-standing.ts';
import { type StandingAccount, type StandingName, standingName, validatedDomains } from './standing-names.ts';
import { MOVE_END, standingTrouble } from './standing-trouble.ts';
import { createWorldDns } from './world-dns.ts';

export type StandingPorts = LookupPorts & Pick<Ports, 'clock' | 'state' | 'store'>;

const CODES: Readonly<Record<Exclude<StandingVerdict['kind'], 'good'>, ConditionCode>> = {
  missing: 'STANDING_MISSING',
  issuer: 'STANDING_ISSUER',
  account: 'STANDING_ACCOUNT',
  narrow: 'STANDING_NARROW',
  expired: 'STANDING_EXPIRED',
};

/**
 * @param known null: there is no account yet
 * @param configured the name servers that the config names
 * @throws DelegatedError E_DNS_UNANSWERED, E_ZONE_NOT_FOUND, E_CHALLENGE_CNAME, E_RECORD_CNAME
 */
export async function examineStanding(
  site: SiteConfig,
  config: Config,
  known: StandingAccount | null,
  configured: readonly Endpoint[],
  ports: StandingPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  if (known === null) return site.persist === undefined ? [] : [notKnownYet(site)];
  const renewal = site.persist === undefined ? null : await nextRenewal(site, config, ports);
  const found = validatedDomains(site).map(async (domain) => {
    // What a site by dns-01 might have left is looked for as what it would have needed.
    const standing = standingName(domain, site.persist ?? { wildcard: false }, known);
    const texts = textsAt(standing, configured, ports, ctx);
    const now = ports.clock.now();
    if (renewal !== null) return judged(await texts, standing, renewal, now);
    return leftBehind(await texts.catch(orNothing), standing, now);
  });
  return (await Promise.all(found)).flat();
}

function judged(texts: readonly string[], standing: StandingName, renewal: Date, now: Date): Condition[] {
  const verdict = judgeStanding(texts, standing.need, now);
  if (verdict.kind !== 'good') {
    const { message, fix } = standingTrouble(verdict, standing);
    return [condition(CODES[verdict.kind], message, fix, texts)];
  }
  const at = `${relativeToRoot(standing.name)} TXT`;
  const { persistUntil, wildcard } = verdict.value;
  return [
    ...(persistUntil !== null && persistUntil <= renewal
      ? [
          condition(
            'STANDING_ENDS',
            `the standing value at ${at} counts until ${persistUntil.toISOString()}, and the next renewal is at ${renewal.toISOString()}`,
            MOVE_END,
            texts,
          ),
        ]
      : []),
    ...(wildcard && !standing.wildcard
      ? [
          condition(
            'STANDING_WIDE',
            `the standing value at ${at} has policy=wildcard, and the certificate has no wildcard there: the account could have certificates for every name below`,
            'take policy=wildcard out of it (`delegated sync`, or by hand)',
            texts,
          ),
        ]
      : []),
  ];
}

function leftBehind(texts: readonly string[], { name, need }: StandingName, now: Date): Condition[] {
  const { kind } = judgeStanding(texts, need, now);
  if (kind !== 'good') return [];
  return [
    condition(
      'STANDING_LEFT',
      `a standing value lets our account have certificates by ${relativeToRoot(name)} TXT, and the site is validated by dns-01`,
      'remove it, so that nobody can make use of it who gets hold of the account key',
      texts,
    ),
  ];
}

/** No renewal asks for it, so that it cannot be read is no trouble. */
function orNothing(thrown: unknown): string[] {
  if (thrown instanceof DelegatedError && UNREAD.has(thrown.code)) return [];
  throw thrown;
}

const UNREAD: ReadonlySet<ErrorCode> = new Set([
  'E_DNS_UNANSWERED',
  'E_ZONE_NOT_FOUND',
  'E_CHALLENGE_CNAME',
  'E_RECORD_CNAME',
]);

function notKnownYet(site: SiteConfig): Condition {
  const names = validatedDomains(site).map(({ name }) => relativeToRoot(name));
  return condition(
    'STANDING_UNKNOWN',
    `the standing value for ${names.join(', ')} is ${NO_ACCOUNT}`,
    '`delegated renew`, then `delegated records` prints it',
  );
}

async function textsAt(
  { name }: StandingName,
  configured: readonly Endpoint[],
  ports: StandingPorts,
  ctx: Ctx,
): Promise<readonly string[]> {
  const end = await followChallenge(name, configured, ports, ctx);
  const zone = await zoneApex(end, ports, ctx);
  const rrset = await createWorldDns(configured, ports).rrset(zone, { name: end, type: 'TXT' }, ctx);
  return rrset?.type === 'TXT' ? rrset.values : [];
}

/** Now, where one is due already or nobody knows. */
async function nextRenewal(site: SiteConfig, config: Config, ports: StandingPorts): Promise<Date> {
  const sight = await certificateSight(site, config, ports).catch(() => null);
  return sight?.decision.due === false ? sight.decision.at : ports.clock.now();
}
