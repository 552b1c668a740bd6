/** Challenge values that stand in a zone: those that no journal of ours would take back, and those that would not go. */
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import { type Condition, condition } from './health/finding.ts';
import type { LookupPorts } from './lookup.ts';
import type { Ctx, Endpoint } from './ports.ts';
import type { Journal } from './schedule/state.ts';
import { createWorldDns } from './world-dns.ts';

/** The digest of RFC 8555 §8.4; anything else there is no challenge value, such as what keeps a wildcard away. */
const CHALLENGE_VALUE = /^[A-Za-z0-9_-]{43}$/;

/**
 * @param known the values that a run will take back by itself
 * @throws DelegatedError E_DNS_UNANSWERED, E_ZONE_NOT_FOUND, E_RECORD_CNAME
 */
export async function examineLeftovers(
  name: DomainName,
  zone: DomainName,
  { configured, known }: { readonly configured: readonly Endpoint[]; readonly known: ReadonlySet<string> },
  ports: LookupPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  const rrset = await createWorldDns(configured, ports).rrset(zone, { name, type: 'TXT' }, ctx);
  const values = rrset?.type === 'TXT' ? rrset.values : [];
  const stray = values.filter((value) => CHALLENGE_VALUE.test(value) && !known.has(value));
  if (stray.length === 0) return [];
  return [
    condition(
      'CHALLENGE_STALE',
      `${stray.length} challenge value(s) of unknown origin stand at ${relativeToRoot(name)}`,
      'remove them, unless another ACME client is at work there this minute: too many of them do not fit into an answer',
      stray,
    ),
  ];
}

export function examineSetAside(journals: readonly Journal[]): Condition[] {
  return journals
    .filter(({ retryAt }) => retryAt !== undefined)
    .map(({ serverName, challenges }) =>
      condition(
        'CHALLENGE_LEFT',
        `${challenges.length} challenge value(s) of an earlier run for ${serverName} could not be removed`,
        'remove exactly these records by hand, or put the provider back into the config: it is tried again about daily, and what no name server has any more is forgotten',
        challenges.map(
          ({ name, value, provider }) => `${relativeToRoot(name)} TXT "${value}" (provider ${provider})`,
        ),
      ),
    );
}
