/** What the parent of a zone says of its name servers: that is whom the CA asks first. */
import { type DomainName, ROOT, parentName, relativeToRoot } from './dns/domain-name.ts';
import { DelegatedError } from './errors.ts';
import { type Condition, condition } from './health/finding.ts';
import { type LookupPorts, nameServersOf, zoneApex } from './lookup.ts';
import { type NameServer, firstAnswer } from './name-servers.ts';
import type { Ctx } from './ports.ts';

const UNKNOWN: ReadonlySet<string> = new Set(['E_DNS_UNANSWERED', 'E_ZONE_NOT_FOUND']);

/**
 * Null where the parent cannot be asked, or its servers speak for the zone as well and so never refer anybody to it:
 * that is no fault of the zone.
 */
export async function namesAtParent(
  zone: DomainName,
  ports: LookupPorts,
  ctx: Ctx,
): Promise<readonly DomainName[] | null> {
  const above = parentName(zone);
  if (above === null || above === ROOT) return null;
  try {
    const servers = await nameServersOf(await zoneApex(above, ports, ctx), ports, ctx);
    const endpoints = servers.flatMap((server) => server.endpoints);
    const response = await firstAnswer(endpoints, { name: zone, type: 'NS', recurse: false }, ports, ctx);
    if (response.authoritative) return null;
    const referral = [...response.authority, ...response.answers].flatMap((record) =>
      record.type === 'NS' && record.name === zone ? [record.data] : [],
    );
    return referral.length === 0 ? null : referral;
  } catch (error) {
    if (error instanceof DelegatedError && UNKNOWN.has(error.code)) return null;
    throw error;
  }
}

export function compareDelegation(
  zone: DomainName,
  atParent: readonly DomainName[],
  inZone: readonly NameServer[],
): Condition[] {
  const own = inZone.map(({ name }) => name);
  const parents: readonly string[] = atParent;
  const same = own.every((name) => parents.includes(name)) && parents.every((name) => own.includes(name));
  if (same) return [];
  return [
    condition(
      'DELEGATION_DIFFERS',
      `the name servers of ${relativeToRoot(zone)} are not those that its parent names`,
      'make both lists the same: the one in the parent zone is set at the registrar, or where that zone is kept',
      [`at the parent: ${parents.toSorted().join(' ')}`, `in the zone: ${own.toSorted().join(' ')}`],
    ),
  ];
}
