import type { DomainName } from '../dns/domain-name.ts';
import { under } from '../dns/domain-name.ts';
import { type SrvData, type SrvRRset, srvText } from '../dns/rrset.ts';
import type { DelegableServerName } from './server-name.ts';

/** A target of the config. */
export interface SrvEntry extends SrvData {
  /** From this moment on it is not published any more. */
  readonly until?: Date;
}

/** How a server name is delegated by SRV. */
export interface Delegation {
  readonly serverName: DelegableServerName;
  /** Where a port-less `m.server` of a well-known points; then everything below is for this name (step 3.3). */
  readonly delegatedTo?: DomainName;
  readonly srv: readonly SrvEntry[];
  /** Seconds. */
  readonly ttl: number;
  readonly legacySrv: boolean;
}

/** `matrix-fed` since Matrix v1.8; `matrix` is deprecated and still read by old servers. */
export type SrvService = 'matrix-fed' | 'matrix';

/**
 * The name that owns the SRV records, and that the certificate must carry: the host of a valid `m.server`, else the
 * server name. An SRV target never decides it, because DNS is not trusted (server-server API § "Resolving server
 * names", steps 3.3 and 4; MSC1711).
 */
export function certName(delegation: Pick<Delegation, 'serverName' | 'delegatedTo'>): DomainName {
  return delegation.delegatedTo ?? delegation.serverName.host.name;
}

export function srvName(
  delegation: Pick<Delegation, 'serverName' | 'delegatedTo'>,
  service: SrvService,
): DomainName {
  return under(`_${service}._tcp`, certName(delegation));
}

/** An SRV RRset that should be there, or should not. */
export interface DesiredSrv {
  readonly name: DomainName;
  readonly rrset: SrvRRset | null;
}

/** First the record that federation lives on, then the deprecated one, which never differs from it. */
export function desiredRecords(delegation: Delegation, now: Date): readonly [DesiredSrv, DesiredSrv] {
  const { srv, ttl } = delegation;
  const published = srv.filter((entry) => !isPast(entry, now)).map(dataOf);
  const values = [...new Map(published.map((data) => [srvText(data), data])).values()];
  const name = srvName(delegation, 'matrix-fed');
  const legacy = srvName(delegation, 'matrix');
  return [
    { name, rrset: { name, type: 'SRV', ttl, values } },
    { name: legacy, rrset: delegation.legacySrv ? { name: legacy, type: 'SRV', ttl, values } : null },
  ];
}

/** The names at which something should be published, whatever the time. */
export function publishedNames(
  delegation: Pick<Delegation, 'serverName' | 'delegatedTo' | 'legacySrv'>,
): DomainName[] {
  const services = delegation.legacySrv ? (['matrix-fed', 'matrix'] as const) : (['matrix-fed'] as const);
  return services.map((service) => srvName(delegation, service));
}

export function isPast({ until }: SrvEntry, now: Date): boolean {
  return until !== undefined && until <= now;
}

/** When a target goes next; null when none will. */
export function nextEnd(srv: readonly SrvEntry[], now: Date): Date | null {
  const ends = srv.flatMap(({ until }) => (until !== undefined && until > now ? [until.getTime()] : []));
  return ends.length === 0 ? null : new Date(Math.min(...ends));
}

function dataOf({ priority, weight, port, target }: SrvEntry): SrvData {
  return { priority, weight, port, target };
}
