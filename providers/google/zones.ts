import { ancestry, isWithin, parseDomainName } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Ctx, DomainName, Zone } from '../../src/provider.ts';
import { type ApiZone, apiZone, zonePage } from './answers.ts';
import { ZoneName } from './options.ts';
import type { Client } from './transport.ts';

const PAGE_SIZE = 100;

/** The deepest public zone at or above the name that the project lists. */
export async function searchZone(client: Client, name: DomainName, ctx: Ctx): Promise<Zone | null> {
  for (const candidate of ancestry(name)) {
    const zones = await zonesNamed(client, candidate, ctx);
    // A twin that is private, forwards or peers is not what the world sees.
    const found = zones.find(({ visibility }) => visibility === 'public');
    if (found !== undefined) return { id: found.name, name: candidate };
  }
  return null;
}

/** The deepest of the zones that the config names, a public one before its twin. Whoever names a private one wants it. */
export async function chooseZone(
  client: Client,
  ids: readonly string[],
  name: DomainName,
  ctx: Ctx,
): Promise<Zone | null> {
  const zones = await Promise.all(ids.map((id) => mustHave(client, id, ctx)));
  const above = zones.filter((zone) => isWithin(name, parseDomainName(zone.dnsName)));
  const [best] = above.sort(
    (a, b) => b.dnsName.length - a.dnsName.length || Number(isPrivate(a)) - Number(isPrivate(b)),
  );
  return best === undefined ? null : usable(best);
}

/** By its name or its number. @throws DelegatedError E_PROVIDER_UNSUPPORTED for one that has no records */
export async function zoneById(client: Client, id: string, ctx: Ctx): Promise<Zone | null> {
  if (!ZoneName.safeParse(id).success) return null;
  try {
    return usable(await mustHave(client, id, ctx));
  } catch (error) {
    if (error instanceof DelegatedError && error.code === 'E_ZONE_NOT_FOUND') return null;
    throw error;
  }
}

/** @throws DelegatedError E_ZONE_NOT_FOUND */
export async function mustHave(client: Client, id: string, { signal }: Ctx): Promise<ApiZone> {
  return client.ask({ to: `show the zone ${id}`, signal }, apiZone, (dns) => dns.zone(id).getMetadata());
}

export function usable(zone: ApiZone): Zone {
  const kind =
    (zone.forwardingConfig !== undefined && 'a forwarding') ||
    (zone.peeringConfig !== undefined && 'a peering') ||
    (zone.serviceDirectoryConfig !== undefined && 'a Service Directory');
  if (kind !== false)
    throw new DelegatedError('E_PROVIDER_UNSUPPORTED', `${zone.name} is ${kind} zone and has no records`, {
      hint: 'name the zone that holds the records',
    });
  return { id: zone.name, name: parseDomainName(zone.dnsName) };
}

function isPrivate({ visibility }: ApiZone): boolean {
  return visibility !== 'public';
}

async function zonesNamed(client: Client, dnsName: DomainName, { signal }: Ctx): Promise<readonly ApiZone[]> {
  const found: ApiZone[] = [];
  let pageToken: string | undefined;
  do {
    const query = {
      dnsName,
      maxResults: PAGE_SIZE,
      ...(pageToken === undefined ? {} : { pageToken }),
      autoPaginate: false as const,
    };
    const page = await client.ask({ to: `find the zone ${dnsName}`, signal }, zonePage, (dns) =>
      dns.getZones(query),
    );
    found.push(...page.managedZones);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return found.filter((zone) => zone.dnsName.toLowerCase() === dnsName);
}
