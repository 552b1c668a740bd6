import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { presentation, sameValues } from '../../src/dns/rrset.ts';
import type { DomainName, RRset, RRsetKey, SrvData, Zone } from '../../src/provider.ts';
import type { PlannedChange } from '../floor/planned-changes.ts';
import type { ApiRRset } from './answers.ts';

/** What of a name lies below the zone; empty for its apex, as request bodies and filters want it. */
export function subname(name: DomainName, zone: Zone): string {
  return name === zone.name ? '' : name.slice(0, -zone.name.length - 1);
}

/** Null for records that cannot be read. */
export function fromApi({ name, type }: RRsetKey, { ttl, records }: ApiRRset): RRset | null {
  if (type === 'TXT') {
    const values = records.map(parseTxtText).filter((value) => value !== null);
    return values.length === records.length ? { name, type, ttl, values: [...new Set(values)] } : null;
  }
  const values = records.map(parseSrvText).filter((value): value is SrvData => value !== null);
  return values.length === records.length ? { name, type, ttl, values } : null;
}

/**
 * One part of a bulk request. What stays the same is left out: the API then keeps it, and refuses the request when the
 * RRset is gone, for want of it.
 */
export function toPart({ key, before, after }: PlannedChange, zone: Zone): Readonly<Record<string, unknown>> {
  const part = { subname: subname(key.name, zone), type: key.type };
  if (after === null) return { ...part, records: [] };
  return {
    ...part,
    ...(before?.ttl === after.ttl ? {} : { ttl: after.ttl }),
    ...(before !== null && sameValues(before, after) ? {} : { records: presentation(after) }),
  };
}
