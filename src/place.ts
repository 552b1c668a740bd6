/** Where the SRV records of a site live: the zone, and the way to it. */
import type { SiteConfig } from './config/config.ts';
import { isWithin } from './dns/domain-name.ts';
import type { Zone } from './dns/zone.ts';
import { DelegatedError } from './errors.ts';
import { srvName } from './matrix/delegation.ts';
import type { Capabilities, Ctx, Ports } from './ports.ts';
import { type ZoneAccess, zoneAccess } from './zone-access.ts';

export interface Place {
  readonly site: SiteConfig;
  readonly access: ZoneAccess;
  readonly zone: Zone;
  readonly capabilities: Capabilities;
}

/** @throws DelegatedError E_ZONE_NOT_FOUND, E_PROVIDER_UNSUPPORTED, and whatever the provider throws */
export async function locate(site: SiteConfig, ports: Ports, ctx: Ctx): Promise<Place> {
  const provider = await ports.provider(site.provider);
  const { types, reads } = provider.capabilities;
  if (!types.includes('SRV') || !reads)
    throw new DelegatedError(
      'E_PROVIDER_UNSUPPORTED',
      `the provider "${site.provider}" cannot ${types.includes('SRV') ? 'be read, so it cannot hold' : 'write'} SRV records`,
      {
        hint: `let it answer challenges only (\`challenge: { provider: ${site.provider} }\`), and name another provider as the \`provider\` of the site`,
      },
    );
  const access = zoneAccess(provider, ports.clock);
  const name = srvName(site, 'matrix-fed');
  const zone =
    site.zone === undefined ? await access.findZone(name, ctx) : await access.namedZone(site.zone, ctx);
  if (zone === null)
    throw new DelegatedError(
      'E_ZONE_NOT_FOUND',
      `the provider "${site.provider}" has no zone ${site.zone === undefined ? `for ${name}` : `"${site.zone}"`}`,
      {
        hint: 'does it host this domain, and do the credentials cover the zone? `zone:` of the site names it where discovery cannot',
      },
    );
  if (!isWithin(name, zone.name))
    throw new DelegatedError(
      'E_ZONE_NOT_FOUND',
      `${name} does not lie in the zone "${site.zone ?? zone.name}" that the config names`,
    );
  return { site, access, zone, capabilities: provider.capabilities };
}
