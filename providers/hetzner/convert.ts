import { relativeToRoot } from '../../src/dns/domain-name.ts';
import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { presentation } from '../../src/dns/rrset.ts';
import type { DomainName, RRset, RRsetKey, RRType, SrvData, Zone } from '../../src/provider.ts';
import type { ApiRecord } from './answers.ts';

/** An RRset, and the records as the API spells them: it removes a record by its spelling. */
export interface Found {
  readonly rrset: RRset;
  readonly records: readonly ApiRecord[];
}

/** Below the zone, `@` for its apex. */
export function relativeName(name: DomainName, zone: Zone): string {
  return name === zone.name ? '@' : name.slice(0, -zone.name.length - 1);
}

/** Undefined for records that cannot be read. */
export function fromApi(
  { name, type }: RRsetKey,
  ttl: number,
  records: readonly ApiRecord[],
  zone: Zone,
): Found | undefined {
  if (type === 'TXT') {
    const values = records.map(({ value }) => parseTxtText(value)).filter((value) => value !== null);
    return values.length === records.length ? { rrset: { name, type, ttl, values }, records } : undefined;
  }
  const values = records
    .map(({ value }) => parseSrvText(absoluteTarget(value, zone)))
    .filter((value): value is SrvData => value !== null);
  return values.length === records.length ? { rrset: { name, type, ttl, values }, records } : undefined;
}

/** The records of an RRset; those that were there before keep their spelling and their comment. */
export function toRecords(after: RRset, before: Found | null, zone: Zone): ApiRecord[] {
  const known = new Map(
    (before?.records ?? []).map((record) => [spelling(after.type, record.value, zone), record]),
  );
  return presentation(after).map((value) => known.get(value) ?? { value });
}

/** A value in our own presentation form; as it is where it cannot be read. */
export function spelling(type: RRType, value: string, zone: Zone): string {
  const key = { name: zone.name, type };
  const found = fromApi(key, 0, [{ value }], zone);
  return found === undefined ? value : (presentation(found.rrset)[0] ?? value);
}

/** A target without its last dot is relative to the zone, as in a zone file. */
function absoluteTarget(value: string, zone: Zone): string {
  return value.endsWith('.') ? value : `${value}.${relativeToRoot(zone.name)}.`;
}
