/** The hosts that the SRV records point to: a record that would be written is refused for these. */
import type { SiteConfig } from './config/config.ts';
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import { isNullTarget } from './dns/rrset.ts';
import { type Condition, condition } from './health/finding.ts';
import { type LookupPorts, examineTarget } from './lookup.ts';
import { isPast } from './matrix/delegation.ts';
import type { Ctx, Ports } from './ports.ts';

export async function examineTargets(
  { srv }: SiteConfig,
  ports: LookupPorts & Pick<Ports, 'clock'>,
  ctx: Ctx,
): Promise<Condition[]> {
  const published = srv.filter((each) => !isNullTarget(each) && !isPast(each, ports.clock.now()));
  const targets = new Set(published.map(({ target }) => target));
  return (await Promise.all([...targets].map((target) => examine(target, ports, ctx)))).flat();
}

async function examine(target: DomainName, ports: LookupPorts, ctx: Ctx): Promise<Condition[]> {
  const fact = await examineTarget(target, ports, ctx);
  const host = relativeToRoot(target);
  if (fact.kind === 'alias')
    return [
      condition(
        'TARGET_CNAME',
        `the SRV target ${host} is a CNAME to ${relativeToRoot(fact.target)}`,
        `use ${relativeToRoot(fact.target)} as the target, or give ${host} A and AAAA records of its own (RFC 2782)`,
      ),
    ];
  if (fact.kind === 'none')
    return [
      condition('TARGET_ADDRESS', `the SRV target ${host} has no address`, 'publish its A or AAAA record'),
    ];
  if (fact.kind === 'unknown')
    return [
      condition(
        'TARGET_UNANSWERED',
        `nobody answers for the addresses of the SRV target ${host}`,
        'look at the name servers of that host',
        [fact.error.message],
      ),
    ];
  return [];
}
