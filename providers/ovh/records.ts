import { relativeToRoot } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Ctx, RRset, RRsetKey, Zone } from '../../src/provider.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { aliasFound } from '../floor/alias-found.ts';
import { type ApiRecord, apiRecord, recordIds } from './answers.ts';
import { type OvhApi, VENDOR } from './api.ts';
import { fromRecords, toSubDomain } from './convert.ts';

/** Up to so many names are looked up one by one; beyond it the ids of all records of our types are listed first. */
const FEW_NAMES = 8;
/** A list for each name costs one request, and so does each record: in a crowded zone the names are cheaper. */
const RECORDS_OF_A_NAME = 3;
/** Requests at a time; the API shows one record in each. */
const AT_A_TIME = 8;
const TYPES = ['SRV', 'TXT', 'CNAME'] as const;

type Filter = Readonly<Partial<Record<'fieldType' | 'subDomain', string>>>;

/** The records for each of the keys, in their order. @throws DelegatedError E_RECORD_CNAME */
export async function readRecords(
  api: OvhApi,
  zone: Zone,
  keys: readonly RRsetKey[],
  ctx: Ctx,
): Promise<readonly (readonly ApiRecord[])[]> {
  const names = [...new Set(keys.map(({ name }) => toSubDomain(name, zone)))];
  const ids = await idsFor(api, zone, names, ctx);
  const records = await inTurns(ids, (id) => show(api, zone, id, ctx));
  const found = new Map<string, ApiRecord[]>();
  for (const record of records) {
    // The filter of the list is one of likeness, with wildcards and without case.
    const at = `${record?.subDomain.toLowerCase() ?? ''} ${record?.fieldType ?? ''}`;
    if (record !== null) found.set(at, [...(found.get(at) ?? []), record]);
  }
  return keys.map((key) => {
    const subDomain = toSubDomain(key.name, zone);
    const [alias] = found.get(`${subDomain} CNAME`) ?? [];
    if (alias !== undefined) throw aliasFound(key.name, alias.target);
    return found.get(`${subDomain} ${key.type}`) ?? [];
  });
}

/** What has to be looked at, and perhaps some more. */
async function idsFor(
  api: OvhApi,
  zone: Zone,
  names: readonly string[],
  ctx: Ctx,
): Promise<readonly number[]> {
  const list = async (filters: readonly Filter[]): Promise<readonly number[]> => [
    ...new Set((await inTurns(filters, (query) => listIds(api, zone, query, ctx))).flat()),
  ];
  if (names.length > FEW_NAMES) {
    const all = await list(TYPES.map((fieldType) => ({ fieldType })));
    if (all.length <= names.length * RECORDS_OF_A_NAME) return all;
  }
  return list(names.map((subDomain) => ({ subDomain })));
}

/** Null for no records. @throws DelegatedError E_PROVIDER_UNAVAILABLE where they cannot be read */
export function rrsetOf(key: RRsetKey, records: readonly ApiRecord[]): RRset | null {
  if (records.length === 0) return null;
  const rrset = fromRecords(key, records);
  if (rrset !== undefined) return rrset;
  throw brokenAnswer({ vendor: VENDOR, to: `show ${keyText(key)}`, write: false }, 'unreadable records');
}

/** A zone has no other id than its name, which stands in paths without its last dot. */
export function zonePath({ name }: Zone): string {
  return `/domain/zone/${relativeToRoot(name)}`;
}

function listIds(api: OvhApi, zone: Zone, query: Filter, { signal }: Ctx): Promise<readonly number[]> {
  const to = `list records of ${zone.name}`;
  const path = `${zonePath(zone)}/record`;
  return api.ask({ method: 'GET', path, query, to, write: false }, recordIds, signal);
}

/** Null for one that was deleted since it was listed. */
async function show(api: OvhApi, zone: Zone, id: number, { signal }: Ctx): Promise<ApiRecord | null> {
  const path = `${zonePath(zone)}/record/${id}`;
  const to = `show a record of ${zone.name}`;
  try {
    return await api.ask({ method: 'GET', path, to, write: false }, apiRecord, signal);
  } catch (error) {
    if (error instanceof DelegatedError && error.code === 'E_PROVIDER_CONFLICT') return null;
    throw error;
  }
}

/** Some at a time, the answers in order; the first failure stops the rest. */
async function inTurns<T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<U[]> {
  const done: U[] = [];
  for (let at = 0; at < items.length; at += AT_A_TIME)
    done.push(...(await Promise.all(items.slice(at, at + AT_A_TIME).map(work))));
  return done;
}
