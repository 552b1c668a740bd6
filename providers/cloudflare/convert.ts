import { parseDomainName, relativeToRoot } from '../../src/dns/domain-name.ts';
import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { srvText, txtText } from '../../src/dns/rrset.ts';
import type { DomainName, RRset, RRsetKey, SrvData } from '../../src/provider.ts';
import { type ApiRecord, srvFields } from './answers.ts';
import type { RecordBody } from './api.ts';

/** TTL 1 is "automatic" in the API and this on the wire (verified 2026-11). */
const AUTOMATIC_S = 300;

/** One record as the API has it, with its value in presentation form, by which values are compared. */
export interface StoredRecord {
  readonly id: string;
  /** Seconds. */
  readonly ttl: number;
  readonly value: string;
}

/** An RRset and the records that it is made of: each has an id and a TTL of its own. */
export interface StoredRRset {
  readonly rrset: RRset;
  readonly records: readonly StoredRecord[];
}

/** @returns null for a set without records; undefined for one that cannot be read */
export function fromRecords(key: RRsetKey, list: readonly ApiRecord[]): StoredRRset | null | undefined {
  if (list.length === 0) return null;
  const ttls = list.map(({ ttl }) => (ttl === 1 ? AUTOMATIC_S : ttl));
  const { name } = key;
  // Records that differ read as 0, which is lower than any that can be wanted: so they are made alike.
  const ttl = new Set(ttls).size === 1 ? (ttls[0] ?? 0) : 0;
  const stored = (values: readonly string[]): readonly StoredRecord[] =>
    list.map(({ id }, index) => ({ id, ttl: ttls[index] ?? 0, value: values[index] ?? '' }));
  if (key.type === 'TXT') {
    const values = list.map(({ content }) => parseTxtText(content ?? ''));
    if (!values.every((value) => value !== null)) return undefined;
    // The same value may stand there twice: `"a"` and `a` are two records to the API.
    const rrset: RRset = { name, type: 'TXT', ttl, values: [...new Set(values)] };
    return { rrset, records: stored(values.map(txtText)) };
  }
  const values = list.map(srvData);
  if (!values.every((value) => value !== null)) return undefined;
  const once = new Map(values.map((value) => [srvText(value), value]));
  return {
    rrset: { name, type: 'SRV', ttl, values: [...once.values()] },
    records: stored(values.map(srvText)),
  };
}

/** `data` where it is whole; else `content`, which older records have without the priority. */
function srvData({ data, content, priority }: ApiRecord): SrvData | null {
  const fields = srvFields.safeParse(data);
  if (fields.success) return parseSrvText(srvLine(fields.data));
  const text = content ?? '';
  return parseSrvText(text) ?? parseSrvText(`${priority ?? ''} ${text}`);
}

function srvLine(
  fields: Readonly<Record<'priority' | 'weight' | 'port' | 'target', string | number>>,
): string {
  return `${fields.priority} ${fields.weight} ${fields.port} ${fields.target}`;
}

/** A record for each value, by its presentation form. */
export function toBodies(rrset: RRset): ReadonlyMap<string, RecordBody> {
  const name = relativeToRoot(rrset.name);
  const { ttl } = rrset;
  if (rrset.type === 'TXT')
    return new Map(
      rrset.values.map((value) => [txtText(value), { name, type: 'TXT', ttl, content: txtText(value) }]),
    );
  return new Map(
    rrset.values.map((value) => [
      srvText(value),
      { name, type: 'SRV', ttl, data: { ...value, target: relativeToRoot(value.target) } },
    ]),
  );
}

/** Null for a name that is none of ours to understand. */
export function nameOf({ name }: { readonly name: string }): DomainName | null {
  try {
    return parseDomainName(name);
  } catch {
    return null;
  }
}
