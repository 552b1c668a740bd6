import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { keyText, presentation } from '../../src/dns/rrset.ts';
import type { RRset, RRsetKey, SrvData } from '../../src/provider.ts';
import type { PlannedChange } from '../floor/planned-changes.ts';
import type { ApiRRset } from './answers.ts';

/** An entry of the `rrsets` of a PATCH; names absolute, TXT quoted, targets with their last dot. */
export function toPatch({ key, after }: PlannedChange): unknown {
  if (after === null) return { name: key.name, type: key.type, changetype: 'DELETE' };
  return {
    name: key.name,
    type: key.type,
    ttl: after.ttl,
    changetype: 'REPLACE',
    records: presentation(after).map((content) => ({ content, disabled: false })),
  };
}

/** Null for one without a live record; undefined for one that cannot be read. */
export function fromApi(key: RRsetKey, { ttl, records }: ApiRRset): RRset | null | undefined {
  const contents = records.filter(({ disabled }) => !disabled).map(({ content }) => content);
  if (contents.length === 0) return null;
  const { name } = key;
  if (key.type === 'TXT') {
    const values = contents.map(parseTxtText).filter((value) => value !== null);
    return values.length === contents.length ? { name, type: 'TXT', ttl, values } : undefined;
  }
  const values = contents.map(parseSrvText).filter((value): value is SrvData => value !== null);
  return values.length === contents.length ? { name, type: 'SRV', ttl, values } : undefined;
}

/** `NAME TYPE`; null for a name that is none of ours to understand, such as one with an escaped octet. */
export function keyOf({ name, type }: ApiRRset): string | null {
  if (type !== 'SRV' && type !== 'TXT' && type !== 'CNAME') return null;
  try {
    return type === 'CNAME'
      ? `${parseDomainName(name)} CNAME`
      : keyText({ name: parseDomainName(name), type });
  } catch {
    return null;
  }
}
