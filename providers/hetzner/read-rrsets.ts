import { keyText } from '../../src/dns/rrset.ts';
import type { Ctx, RRsetKey, Zone } from '../../src/provider.ts';
import type { HttpApi } from '../floor/http-api.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { aliasFound } from '../floor/alias-found.ts';
import { type ApiRRset, oneZone, rrsetPage } from './answers.ts';
import { type Found, fromApi, relativeName } from './convert.ts';

export const VENDOR = 'Hetzner';
/** The most that the API puts into one page. */
export const PAGE_SIZE = 50;
/** One look-up for each name is cheaper than the whole zone up to about so many. */
const FEW_NAMES = 4;

/** Names one by one as long as they are few, the whole zone page by page when they are many. */
export async function readFound(
  api: HttpApi,
  zone: Zone,
  keys: readonly RRsetKey[],
  ctx: Ctx,
): Promise<readonly (Found | null)[]> {
  const names = [...new Set(keys.map(({ name }) => relativeName(name, zone)))];
  if (names.length === 0) return [];
  const lists =
    names.length > FEW_NAMES
      ? [await listRRsets(api, zone, undefined, ctx)]
      : await Promise.all(names.map((name) => listRRsets(api, zone, name, ctx)));
  const found = new Map(lists.flat().map((rrset) => [`${rrset.name.toLowerCase()} ${rrset.type}`, rrset]));
  const wanted = keys.map((key) => {
    const name = relativeName(key.name, zone);
    const alias = found.get(`${name} CNAME`);
    if (alias !== undefined) throw aliasFound(key.name, alias.records.map(({ value }) => value).join(', '));
    const rrset = found.get(`${name} ${key.type}`);
    return { key, rrset: rrset === undefined || rrset.records.length === 0 ? null : rrset };
  });
  const inherits = wanted.some(({ rrset }) => rrset?.ttl === null);
  const zoneTtl = inherits ? await ttlOf(api, zone, ctx) : 0;
  return wanted.map(({ key, rrset }) => {
    if (rrset === null) return null;
    const parsed = fromApi(key, rrset.ttl ?? zoneTtl, rrset.records, zone);
    if (parsed === undefined)
      throw brokenAnswer({ vendor: VENDOR, to: `show ${keyText(key)}`, write: false }, 'unreadable records');
    return parsed;
  });
}

/** @throws DelegatedError E_PROVIDER_UNAVAILABLE when the zone changed between two pages */
async function listRRsets(
  api: HttpApi,
  zone: Zone,
  name: string | undefined,
  { signal }: Ctx,
): Promise<readonly ApiRRset[]> {
  const request = { to: `show ${name ?? 'the records'} of ${zone.name}`, write: false };
  const all: ApiRRset[] = [];
  let page: number | null = 1;
  let total: number | null = null;
  while (page !== null) {
    const query = { name, page, per_page: PAGE_SIZE };
    const { json } = await api.send(
      { method: 'GET', path: `${zonePath(zone)}/rrsets`, query, ...request },
      signal,
    );
    const { rrsets, meta } = parseAnswer(rrsetPage, json, { vendor: VENDOR, ...request });
    all.push(...rrsets);
    const { next_page: next, total_entries: entries } = meta.pagination;
    if (next !== null && next <= page)
      throw brokenAnswer({ vendor: VENDOR, ...request }, 'pages that go round in a circle');
    if (page > 1 && entries !== total)
      throw brokenAnswer({ vendor: VENDOR, ...request }, 'a zone that changes between two pages');
    page = next;
    total = entries;
  }
  if (total !== null && total !== all.length)
    throw brokenAnswer({ vendor: VENDOR, ...request }, `${all.length} of ${total} RRsets`);
  return all;
}

async function ttlOf(api: HttpApi, zone: Zone, { signal }: Ctx): Promise<number> {
  const request = { to: `show the TTL of ${zone.name}`, write: false };
  const { json } = await api.send({ method: 'GET', path: zonePath(zone), ...request }, signal);
  return parseAnswer(oneZone, json, { vendor: VENDOR, ...request }).zone.ttl;
}

export function zonePath({ id }: Zone): string {
  return `/zones/${encodeURIComponent(id)}`;
}
