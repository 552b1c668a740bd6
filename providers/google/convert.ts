import { parseDomainName } from '../../src/dns/domain-name.ts';
import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { keyText, presentation } from '../../src/dns/rrset.ts';
import type { RRset, RRsetKey, SrvData } from '../../src/provider.ts';
import { type ApiRRset, apiRRset } from './answers.ts';
import type { RecordMetadata } from './api.ts';

/** Names absolute, TXT quoted, targets with their last dot. */
export function toApi(rrset: RRset): RecordMetadata {
  return { name: rrset.name, ttl: rrset.ttl, rrdatas: presentation(rrset) };
}

/** Exactly what was read, for a deletion; null for an RRset that was not read here. */
export function asRead({ version }: RRset): (RecordMetadata & { readonly type: string }) | null {
  const raw = apiRRset.safeParse(version).data;
  return raw?.rrdatas === undefined ? null : { ...raw, rrdatas: raw.rrdatas };
}

/** Undefined for one that cannot be read: a routing policy, or records that are none. */
export function fromApi(key: RRsetKey, raw: ApiRRset): RRset | undefined {
  const { rrdatas = [], ttl } = raw;
  const { name } = key;
  if (rrdatas.length === 0) return undefined;
  if (key.type === 'TXT') {
    const values = rrdatas.map(parseTxtText).filter((value) => value !== null);
    return values.length === rrdatas.length ? { name, type: 'TXT', ttl, values, version: raw } : undefined;
  }
  const values = rrdatas.map(parseSrvText).filter((value): value is SrvData => value !== null);
  return values.length === rrdatas.length ? { name, type: 'SRV', ttl, values, version: raw } : undefined;
}

/** `NAME TYPE`; null for a name that is none of ours to understand, such as one with an escaped octet. */
export function keyOf({ name, type }: ApiRRset): string | null {
  if (type !== 'SRV' && type !== 'TXT' && type !== 'CNAME') return null;
  try {
    const parsed = parseDomainName(name);
    return type === 'CNAME' ? `${parsed} CNAME` : keyText({ name: parsed, type });
  } catch {
    return null;
  }
}
