/** Does a provider do what the config will ask of it? Changes nothing. */
import type { ProviderConfig, SiteConfig } from './config/config.ts';
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import { recordKeys } from './dns/fence.ts';
import type { RRsetKey } from './dns/rrset.ts';
import { type ErrorCode, asDelegatedError } from './errors.ts';
import { followChallenge } from './lookup.ts';
import { publishedNames } from './matrix/delegation.ts';
import { mapConcurrent } from './pool.ts';
import type { CheckItem, Ctx, DnsProvider, Ports } from './ports.ts';
import { challengeNames } from './standing-names.ts';

export type ProviderCheckPorts = Pick<Ports, 'provider' | 'dns' | 'resolvers' | 'dice'>;

export interface ProviderCheck {
  readonly items: readonly CheckItem[];
  /** What the config has it write. Empty where it could not be asked. */
  readonly keys: readonly RRsetKey[];
}

/** What the config has a provider write for one site. */
interface Use {
  readonly site: SiteConfig;
  readonly keys: readonly RRsetKey[];
}

const SITES_AT_ONCE = 16;
const UNKNOWN_END: ReadonlySet<ErrorCode> = new Set([
  'E_DNS_UNANSWERED',
  'E_ZONE_NOT_FOUND',
  'E_CHALLENGE_CNAME',
]);

/** @param sites those that may use it; others than its own are left out */
export async function checkProvider(
  configured: ProviderConfig,
  sites: readonly SiteConfig[],
  ports: ProviderCheckPorts,
  ctx: Ctx,
): Promise<ProviderCheck> {
  const items: CheckItem[] = [];
  let uses: readonly Use[] = [];
  try {
    const provider = await ports.provider(configured.name);
    items.push(...(await provider.check(ctx)));
    uses = await mapConcurrent(sitesOf(configured.name, sites), SITES_AT_ONCE, (site) =>
      useOf(configured, site, ports, ctx),
    );
    items.push(...(await mapConcurrent(uses, SITES_AT_ONCE, (use) => zoneItem(provider, use, ctx))));
  } catch (thrown) {
    items.push(failure(thrown));
  }
  return { items, keys: uses.flatMap((use) => use.keys) };
}

export function sitesOf(provider: string, sites: readonly SiteConfig[]): readonly SiteConfig[] {
  return sites.filter((site) => [site.provider, site.challengeProvider].includes(provider));
}

async function useOf(
  { name, nameServers }: ProviderConfig,
  site: SiteConfig,
  ports: ProviderCheckPorts,
  ctx: Ctx,
): Promise<Use> {
  const records = site.provider === name ? recordKeys(publishedNames(site)) : [];
  if (site.certificate === null || (site.challengeProvider ?? site.provider) !== name)
    return { site, keys: records };
  const ends = challengeNames(site).map(async (challenge): Promise<RRsetKey> => {
    const end = followChallenge(challenge, nameServers, ports, ctx);
    return { name: await end.catch(orItself(challenge)), type: 'TXT' };
  });
  return { site, keys: [...records, ...(await Promise.all(ends))] };
}

/** Without an answer the name itself is the best guess; its zone is looked for in any case. */
function orItself(challenge: DomainName): (thrown: unknown) => DomainName {
  return (thrown) => {
    if (UNKNOWN_END.has(asDelegatedError(thrown).code)) return challenge;
    throw thrown;
  };
}

async function zoneItem(provider: DnsProvider, { site, keys }: Use, ctx: Ctx): Promise<CheckItem> {
  const name = site.serverName.text;
  if (site.zone !== undefined)
    return { ok: true, message: `${name}: the config names the zone ${site.zone}` };
  try {
    const found = await Promise.all(keys.map((key) => provider.findZone(key.name, ctx)));
    const lost = keys.filter((_, index) => found[index] === null);
    const zones = [...new Set(found.flatMap((zone) => (zone === null ? [] : [relativeToRoot(zone.name)])))];
    if (lost.length === 0) return { ok: true, message: `${name}: in the zone ${zones.join(', ')}` };
    return {
      ok: false,
      message: `${name}: no zone for ${[...new Set(lost.map((key) => key.name))].join(', ')}`,
      hint: 'is the domain at this provider, and do the credentials cover its zone?',
    };
  } catch (thrown) {
    const { message, ...rest } = failure(thrown);
    return { ...rest, message: `${name}: ${message}` };
  }
}

function failure(thrown: unknown): CheckItem {
  const { code, message, hint } = asDelegatedError(thrown);
  // A stop, or a bug of ours, says nothing of the provider.
  if (code === 'E_ABORTED' || code === 'E_BUG') throw thrown;
  return { ok: false, message: `${code}: ${message}`, ...(hint === undefined ? {} : { hint }) };
}
