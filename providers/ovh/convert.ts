import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { relativeToRoot } from '../../src/dns/domain-name.ts';
import { characterStrings, srvText, txtText } from '../../src/dns/rrset.ts';
import type { DomainName, RRset, RRsetKey, SrvData, Zone } from '../../src/provider.ts';
import type { ApiRecord } from './answers.ts';

/** `_matrix-fed._tcp` of `_matrix-fed._tcp.example.org.`; empty for the apex. */
export function toSubDomain(name: DomainName, zone: Zone): string {
  return name === zone.name ? '' : relativeToRoot(name).slice(0, -zone.name.length);
}

/** What a record of the RRset has as its `target`, for each of its values. */
export function toTargets(rrset: RRset): string[] {
  return rrset.type === 'SRV' ? rrset.values.map(srvText) : rrset.values.map(oneString);
}

/** One string of any length: OVH cuts it up by itself (https://github.com/DNSControl/dnscontrol/pull/1582). */
function oneString(value: string): string {
  return `"${characterStrings(value)
    .map((part) => txtText(part).slice(1, -1))
    .join('')}"`;
}

/** The form in which two targets of one meaning are the same; null for one that cannot be read. */
export function canonicalTarget(type: string, target: string): string | null {
  if (type === 'TXT') return parseTxtText(target);
  const data = parseSrvText(target);
  return data === null ? null : srvText(data);
}

/**
 * Records of one name and type, at least one. Equal ones count once, and of several TTLs the shortest.
 * @returns undefined where one cannot be read
 */
export function fromRecords({ name, type }: RRsetKey, records: readonly ApiRecord[]): RRset | undefined {
  const ttl = Math.min(...records.map((record) => record.ttl));
  const targets = new Map(records.map((record) => [canonicalTarget(type, record.target), record.target]));
  const distinct = [...targets.values()];
  if (type === 'TXT') {
    const values = distinct.map(parseTxtText).filter((value) => value !== null);
    return values.length === distinct.length ? { name, type, ttl, values } : undefined;
  }
  const values = distinct.map(parseSrvText).filter((value): value is SrvData => value !== null);
  return values.length === distinct.length ? { name, type, ttl, values } : undefined;
}
