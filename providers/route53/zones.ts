import { ancestry } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Ctx, DomainName, Zone } from '../../src/provider.ts';
import { deepestZone } from '../floor/deepest-zone.ts';
import { type ApiZone, zoneAnswer, zonePage } from './answers.ts';
import { fromApiName, toApiName } from './convert.ts';
import type { Link } from './link.ts';

/** The most that a page has (verified 2026-11). */
const ZONES_PER_PAGE = 100;

export interface HostedZone extends Zone {
  readonly private: boolean;
}

/** Null where there is none with this id. */
export async function hostedZone(link: Link, id: string, { signal }: Ctx): Promise<HostedZone | null> {
  const request = { to: `show the hosted zone ${id}`, write: false, answer: zoneAnswer };
  try {
    const answer = await link.call(
      { ...request, send: (client, options) => client.getHostedZone({ Id: id }, options) },
      signal,
    );
    return toZone(answer.HostedZone)[0] ?? null;
  } catch (error) {
    if (error instanceof DelegatedError && error.code === 'E_ZONE_NOT_FOUND') return null;
    throw error;
  }
}

/**
 * The deepest public zone at or above the name. One page shows all zones of most accounts; where it does not, they are
 * looked up by name.
 * @throws DelegatedError E_PROVIDER_UNSUPPORTED where two of them have that name
 */
export async function findHostedZone(link: Link, name: DomainName, ctx: Ctx): Promise<Zone | null> {
  const first = await zonesFrom(link, undefined, ctx);
  if (first.whole) return onlyOne(deepestZone(name, first.zones)?.name, first.zones);
  for (const candidate of ancestry(name)) {
    const zones = await zonesNamed(link, candidate, ctx);
    if (zones.length > 0) return onlyOne(candidate, zones);
  }
  return null;
}

/** Any public zone, for a look at the rights; null where there is none on the first page. */
export async function anyHostedZone(link: Link, ctx: Ctx): Promise<Zone | null> {
  return (await zonesFrom(link, undefined, ctx)).zones[0] ?? null;
}

interface Zones {
  /** The public ones. */
  readonly zones: readonly HostedZone[];
  /** Nothing comes after them. */
  readonly whole: boolean;
  readonly next?: ZoneStart;
}

interface ZoneStart {
  readonly DNSName?: string;
  readonly HostedZoneId?: string;
}

/** Zones of one name stand side by side, the private ones of any number of networks among them. */
async function zonesNamed(link: Link, name: DomainName, ctx: Ctx): Promise<readonly HostedZone[]> {
  const found: HostedZone[] = [];
  for (let start: ZoneStart | undefined = { DNSName: toApiName(name) }; start !== undefined;) {
    const page: Zones = await zonesFrom(link, start, ctx);
    found.push(...page.zones.filter((zone) => zone.name === name));
    start = page.next !== undefined && fromApiName(page.next.DNSName ?? '') === name ? page.next : undefined;
  }
  return found;
}

async function zonesFrom(link: Link, start: ZoneStart | undefined, { signal }: Ctx): Promise<Zones> {
  const page = await link.call(
    {
      to: 'list its hosted zones',
      write: false,
      answer: zonePage,
      send: (client, options) =>
        client.listHostedZonesByName({ ...start, MaxItems: ZONES_PER_PAGE }, options),
    },
    signal,
  );
  const zones = page.HostedZones.flatMap(toZone).filter((zone) => !zone.private);
  if (!page.IsTruncated) return { zones, whole: true };
  const next = {
    ...(page.NextDNSName === undefined ? {} : { DNSName: page.NextDNSName }),
    ...(page.NextHostedZoneId === undefined ? {} : { HostedZoneId: page.NextHostedZoneId }),
  };
  return { zones, whole: false, next };
}

/** Two public zones may have one name, and the name servers of one of them at most are asked by the world. */
function onlyOne(name: DomainName | undefined, zones: readonly HostedZone[]): Zone | null {
  const [zone, twin] = zones.filter((each) => each.name === name);
  if (zone === undefined) return null;
  if (twin !== undefined)
    throw new DelegatedError(
      'E_PROVIDER_UNSUPPORTED',
      `there are two public hosted zones ${zone.name}: ${zone.id} and ${twin.id}`,
      { hint: 'set hostedZoneId to the one whose name servers the parent zone names' },
    );
  return { id: zone.id, name: zone.name };
}

/** Empty for one whose name is none of ours to understand. */
function toZone({ Id, Name, Config }: ApiZone): HostedZone[] {
  const name = fromApiName(Name);
  return name === null ? [] : [{ id: Id, name, private: Config?.PrivateZone ?? false }];
}
