import { ancestry, parseDomainName } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import type { Ctx, DnsProvider, RRset, RRsetKey, Zone } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import { type HttpApi, createHttpApi } from '../floor/http-api.ts';
import type { Explain } from '../floor/http-failure.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import { aliasFound } from '../floor/alias-found.ts';
import { type ApiRRset, apiError, zoneList, zoneRRsets } from './answers.ts';
import { CAPABILITIES } from './capabilities.ts';
import { fromApi, keyOf, toPatch } from './convert.ts';
import type { PowerDnsOptions } from './options.ts';

const VENDOR = 'PowerDNS';
/** One look-up for each name is cheaper than the whole zone up to about so many. */
const FEW_NAMES = 8;

/** The HTTP API of the PowerDNS Authoritative Server, 4.1 and later. */
export function createPowerDns(options: PowerDnsOptions, deps: { readonly now: () => Date }): DnsProvider {
  const api = createHttpApi({
    vendor: VENDOR,
    baseUrl: `${options.url}/api/v1/servers/${options.server}`,
    authorize: () => ({ 'x-api-key': options.apiKey }),
    secrets: [options.apiKey],
    explain,
    timeoutMs: options.timeout * 1_000,
    now: deps.now,
  });
  const queue = createQueue();

  return {
    capabilities: CAPABILITIES,
    check: async (ctx) => [
      await checkItem('the API key is good, and may do everything in every zone', () =>
        api.send({ method: 'GET', path: '', to: 'show itself', write: false }, ctx.signal),
      ),
    ],
    async findZone(name, ctx) {
      for (const candidate of ancestry(name)) {
        const found = await listZones(api, candidate, ctx);
        const zone = found.find((each) => parseDomainName(each.name) === candidate);
        if (zone !== undefined) return { id: zone.id, name: candidate };
      }
      return null;
    },
    readRRsets: (zone, keys, ctx) => read(api, zone, keys, ctx),
    async apply(zone, changes, ctx) {
      const keys = touchedKeys(zone, changes);
      return queue.run(zone.id, ctx.signal, async () => {
        const current = await read(api, zone, keys, ctx);
        const planned = plannedChanges(keys, current, changes);
        if (planned.length === 0) return { changed: false };
        await api.send(
          {
            method: 'PATCH',
            path: zonePath(zone),
            body: { rrsets: planned.map(toPatch) },
            to: `change ${planned.map(({ key }) => keyText(key)).join(', ')}`,
            write: true,
          },
          ctx.signal,
        );
        return { changed: true };
      });
    },
  };
}

async function listZones(
  api: HttpApi,
  name: string,
  { signal }: Ctx,
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const request = { to: `find the zone ${name}`, write: false };
  const { json } = await api.send(
    { method: 'GET', path: '/zones', query: { zone: name }, ...request },
    signal,
  );
  return parseAnswer(zoneList, json, { vendor: VENDOR, ...request });
}

/** Names one by one as long as they are few, the whole zone at once when they are many. */
async function read(
  api: HttpApi,
  zone: Zone,
  keys: readonly RRsetKey[],
  ctx: Ctx,
): Promise<readonly (RRset | null)[]> {
  const names = [...new Set(keys.map(({ name }) => name))];
  if (names.length === 0) return [];
  const lists =
    names.length > FEW_NAMES
      ? [await rrsetsOf(api, zone, undefined, ctx)]
      : await Promise.all(names.map((name) => rrsetsOf(api, zone, name, ctx)));
  const found = new Map(lists.flat().map((rrset) => [keyOf(rrset), rrset]));
  return keys.map((key) => {
    const alias = found.get(`${key.name} CNAME`);
    if (alias !== undefined)
      throw aliasFound(key.name, alias.records.map(({ content }) => content).join(', '));
    const rrset = found.get(keyText(key));
    const parsed = rrset === undefined ? null : fromApi(key, rrset);
    if (parsed === undefined)
      throw brokenAnswer({ vendor: VENDOR, to: `show ${keyText(key)}`, write: false }, 'unreadable records');
    return parsed;
  });
}

/** Servers before 4.3 ignore the filter and send the whole zone, which does no harm. */
async function rrsetsOf(
  api: HttpApi,
  zone: Zone,
  name: string | undefined,
  { signal }: Ctx,
): Promise<readonly ApiRRset[]> {
  const request = { to: `show ${name ?? zone.name}`, write: false };
  const query = { rrset_name: name, rrsets: 'true' };
  const { json } = await api.send({ method: 'GET', path: zonePath(zone), query, ...request }, signal);
  return parseAnswer(zoneRRsets, json, { vendor: VENDOR, ...request }).rrsets;
}

function zonePath({ id }: Zone): string {
  return `/zones/${encodeURIComponent(id)}`;
}

/** Everything that it refuses is a 422 with one sentence (verified 2026-11 on 4.7). */
const explain: Explain = ({ status, json }) => {
  const parsed = apiError.safeParse(json);
  if (!parsed.success) return null;
  const says = parsed.data.error;
  if (/Conflicts with pre-existing RRset/i.test(says))
    return { code: 'E_RECORD_CNAME', says, hint: 'remove the CNAME at that name' };
  if (status === 422 && /is out of zone|not in zone|Could not find domain/i.test(says))
    return { code: 'E_ZONE_NOT_FOUND', says };
  return { says };
};
