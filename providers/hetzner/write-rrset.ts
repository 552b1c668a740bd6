import { relativeToRoot } from '../../src/dns/domain-name.ts';
import { keyText, presentation, sameValues } from '../../src/dns/rrset.ts';
import type { RRset, Zone } from '../../src/provider.ts';
import type { HttpRequest } from '../floor/http-api.ts';
import type { PlannedChange } from '../floor/planned-changes.ts';
import { type Found, relativeName, spelling, toRecords } from './convert.ts';
import { zonePath } from './read-rrsets.ts';

/**
 * The requests that make one change, to be sent one after the other.
 * @param whole whether the RRset is ours as a whole; else only single values come and go, and those that another
 * writer brings between our look and our write stay
 */
export function requestsFor(
  { key, after }: PlannedChange,
  before: Found | null,
  whole: boolean,
  zone: Zone,
): HttpRequest[] {
  const name = relativeName(key.name, zone);
  const path = `${zonePath(zone)}/rrsets`;
  const own = `${path}/${encodeURIComponent(name)}/${key.type}`;
  const base = { to: `change ${relativeToRoot(key.name)} ${key.type}`, write: true, method: 'POST' } as const;
  const action = (verb: string, body: unknown): HttpRequest => ({
    ...base,
    path: `${own}/actions/${verb}`,
    body,
  });
  if (!whole) return valueRequests(after, before, zone, action);
  if (after === null) return [{ ...base, method: 'DELETE', path: own }];
  const records = toRecords(after, before, zone);
  if (before === null) return [{ ...base, path, body: { name, type: key.type, ttl: after.ttl, records } }];
  return [
    ...(sameValues(before.rrset, after) ? [] : [action('set_records', { records })]),
    ...(before.rrset.ttl === after.ttl ? [] : [action('change_ttl', { ttl: after.ttl })]),
  ];
}

/** A new RRset comes with its TTL; one that exists keeps the one it has. */
function valueRequests(
  after: RRset | null,
  before: Found | null,
  zone: Zone,
  action: (verb: string, body: unknown) => HttpRequest,
): HttpRequest[] {
  const wanted = new Set(after === null ? [] : presentation(after));
  const there = before?.records ?? [];
  const known = new Set(there.map(({ value }) => spelling('TXT', value, zone)));
  const gone = there.filter(({ value }) => !wanted.has(spelling('TXT', value, zone)));
  const fresh = [...wanted].filter((value) => !known.has(value)).map((value) => ({ value }));
  const ttl = before === null && after !== null ? { ttl: after.ttl } : {};
  return [
    ...(fresh.length === 0 ? [] : [action('add_records', { records: fresh, ...ttl })]),
    ...(gone.length === 0
      ? []
      : [action('remove_records', { records: gone.map(({ value }) => ({ value })) })]),
  ];
}

/** For the map of what was read. */
export function foundByKey(found: readonly (Found | null)[]): ReadonlyMap<string, Found> {
  return new Map(found.flatMap((each) => (each === null ? [] : [[keyText(each.rrset), each] as const])));
}
