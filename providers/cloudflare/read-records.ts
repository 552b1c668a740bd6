import { isWithin, relativeToRoot } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import type { DomainName, RRsetKey, Zone } from '../../src/provider.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { aliasFound } from '../floor/alias-found.ts';
import { type ApiRecord, recordList } from './answers.ts';
import type { RecordQuery } from './api.ts';
import { type Caller, asked } from './call.ts';
import { type StoredRRset, fromRecords, nameOf } from './convert.ts';
import { allPages } from './pages.ts';

/** One look-up for each name up to so many; above it the whole zone is cheaper. */
const FEW_NAMES = 8;
/** The API takes 5,000,000; this is some three megabytes, and more records than most zones have. */
const PER_PAGE = 5_000;

/**
 * What stands at the keys, in their order; null where nothing does.
 * @throws DelegatedError E_RECORD_CNAME for a name that is an alias. Cloudflare would write beside it: there only A,
 * AAAA and CNAME exclude each other (github.com/cloudflare/cloudflare-docs/issues/30376, 2026-05)
 */
export async function readStored(
  caller: Caller,
  zone: Zone,
  keys: readonly RRsetKey[],
  signal: AbortSignal,
): Promise<(StoredRRset | null)[]> {
  const names = [...new Set(keys.map(({ name }) => name))];
  const lists =
    names.length > FEW_NAMES
      ? [await recordsOf(caller, zone, {}, signal)]
      : await Promise.all(names.map((name) => recordsOf(caller, zone, { name: exactly(name) }, signal)));
  const found = new Map<string, ApiRecord[]>();
  for (const record of lists.flat()) {
    const name = nameOf(record);
    if (name !== null) append(found, `${name} ${record.type}`, record);
  }
  return keys.map((key) => {
    const [alias] = found.get(`${key.name} CNAME`) ?? [];
    if (alias !== undefined) throw aliasFound(key.name, alias.content ?? 'somewhere');
    const stored = fromRecords(key, found.get(keyText(key)) ?? []);
    if (stored !== undefined) return stored;
    throw brokenAnswer(asked({ to: `show ${keyText(key)}` }), 'unreadable records');
  });
}

/** Names below the apex that the zone hands over to other name servers; what it has there itself, nobody sees. */
export async function delegations(caller: Caller, zone: Zone, signal: AbortSignal): Promise<DomainName[]> {
  const records = await recordsOf(caller, zone, { type: 'NS' }, signal);
  const names = new Set(records.map(nameOf));
  return [...names]
    .filter((name) => name !== null)
    .filter((name) => name !== zone.name && isWithin(name, zone.name));
}

async function recordsOf(
  caller: Caller,
  zone: Zone,
  filter: Pick<RecordQuery, 'name' | 'type'>,
  signal: AbortSignal,
): Promise<ApiRecord[]> {
  const to = `show ${filter.name?.exact ?? relativeToRoot(zone.name)}`;
  return allPages(
    caller,
    {
      to,
      schema: recordList,
      send: (api, page, options) =>
        api.dns.records.list({ zone_id: zone.id, ...filter, page, per_page: PER_PAGE }, options),
    },
    signal,
  );
}

function exactly(name: DomainName): { exact: string } {
  return { exact: relativeToRoot(name) };
}

function append(found: Map<string, ApiRecord[]>, key: string, record: ApiRecord): void {
  const list = found.get(key);
  if (list === undefined) found.set(key, [record]);
  else list.push(record);
}
