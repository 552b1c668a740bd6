import { ancestry, relativeToRoot } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { DomainName, Zone } from '../../src/provider.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { type ApiZone, oneZone, zoneList } from './answers.ts';
import { type Caller, asked } from './call.ts';
import { nameOf } from './convert.ts';
import { allPages } from './pages.ts';

/** The most that the API takes. */
const PER_PAGE = 50;

/** @param name only those with this name */
export function listZones(
  caller: Caller,
  account: string | undefined,
  name: DomainName | undefined,
  signal: AbortSignal,
): Promise<ApiZone[]> {
  const filter = {
    ...(name === undefined ? {} : { name: relativeToRoot(name) }),
    ...(account === undefined ? {} : { account: { id: account } }),
  };
  return allPages(
    caller,
    {
      to: name === undefined ? 'list the zones' : `find the zone ${name}`,
      schema: zoneList,
      send: (api, page, options) => api.zones.list({ ...filter, page, per_page: PER_PAGE }, options),
    },
    signal,
  );
}

/** @throws DelegatedError E_PROVIDER_UNSUPPORTED where the deepest zone is one that we cannot serve from */
export async function findZone(
  caller: Caller,
  account: string | undefined,
  name: DomainName,
  signal: AbortSignal,
): Promise<Zone | null> {
  // Nobody has a top-level domain at Cloudflare.
  for (const candidate of ancestry(name).slice(0, -1)) {
    const named = await listZones(caller, account, candidate, signal);
    // Internal zones are for resolvers inside, and secondary ones are written elsewhere: neither is what we look for.
    const ours = named.filter(
      (each) => nameOf(each) === candidate && !/^(?:internal|secondary)$/.test(each.type),
    );
    const full = ours.filter(({ type }) => type !== 'partial');
    const [zone] = full.length > 1 ? full.filter(({ status }) => status === 'active') : full;
    if (zone !== undefined) return { id: zone.id, name: candidate };
    if (full.length > 1) throw twins(candidate);
    if (ours.length > 0) throw unsupported(candidate, 'partial');
  }
  return null;
}

export async function zoneById(caller: Caller, id: string, signal: AbortSignal): Promise<Zone | null> {
  const to = `show the zone ${id}`;
  try {
    const { result } = await caller.call(
      { to, send: (api, options) => api.zones.get({ zone_id: id }, options) },
      signal,
    );
    const zone = parseAnswer(oneZone, result, asked({ to }));
    const name = nameOf(zone);
    if (name === null) return null;
    if (zone.type !== 'full') throw unsupported(name, zone.type);
    return { id: zone.id, name };
  } catch (error) {
    if (error instanceof DelegatedError && error.code === 'E_ZONE_NOT_FOUND') return null;
    throw error;
  }
}

const PARTIAL_HINT =
  'in a partial (CNAME) setup the records that count are at another provider: name that one for this site';

function unsupported(name: DomainName, type: string): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_UNSUPPORTED',
    `the zone ${name} at Cloudflare is ${type}: the world does not see what we write there`,
    { hint: type === 'partial' ? PARTIAL_HINT : 'name the provider where the zone is written' },
  );
}

function twins(name: DomainName): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNSUPPORTED', `there are several zones ${name}, and none is active`, {
    hint: 'say which by `account`, or activate one of them',
  });
}
