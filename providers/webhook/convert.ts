import { parseDomainName, relativeToRoot } from '../../src/dns/domain-name.ts';
import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { srvText, txtText } from '../../src/dns/rrset.ts';
import type { RRset, RRsetKey, SrvData } from '../../src/provider.ts';
import type { Endpoint } from './answers.ts';

/** `NAME TYPE`; null for a name or a type that is none of ours to understand. */
export function keyOf({ dnsName, recordType }: Endpoint): string | null {
  if (recordType !== 'SRV' && recordType !== 'TXT' && recordType !== 'CNAME') return null;
  try {
    return `${parseDomainName(dnsName)} ${recordType}`;
  } catch {
    return null;
  }
}

/** By `NAME TYPE`: some webhooks make one endpoint of an RRset, others one of each record. */
export function byKey(list: readonly Endpoint[]): ReadonlyMap<string, readonly Endpoint[]> {
  const found = new Map<string, Endpoint[]>();
  for (const each of list) {
    const key = keyOf(each);
    if (key !== null) found.set(key, [...(found.get(key) ?? []), each]);
  }
  return found;
}

/** Null without a record; undefined for one that cannot be read. */
export function fromEndpoints(key: RRsetKey, list: readonly Endpoint[]): RRset | null | undefined {
  const targets = [...new Set(list.flatMap((each) => each.targets ?? []))];
  if (targets.length === 0) return null;
  const { name } = key;
  const ttl = Math.min(...list.map(({ recordTTL }) => recordTTL ?? 0));
  if (key.type === 'TXT') return { name, type: 'TXT', ttl, values: [...new Set(targets.map(txtValue))] };
  const values = targets.map(srvData).filter((value): value is SrvData => value !== null);
  return values.length === targets.length ? { name, type: 'SRV', ttl, values } : undefined;
}

/** The name without its last dot and SRV targets with it, as external-dns has them; TXT in quotes, as its own marks. */
export function toEndpoint(rrset: RRset): Endpoint {
  return {
    dnsName: relativeToRoot(rrset.name),
    recordType: rrset.type,
    recordTTL: rrset.ttl,
    targets: targetsOf(rrset),
  };
}

export function targetsOf(rrset: RRset): string[] {
  return rrset.type === 'TXT' ? rrset.values.map(txtText) : rrset.values.map(srvText);
}

/** The same for all ways to write a record; null for one that cannot be read. */
export function canonicalTarget(type: string, target: string): string | null {
  if (type === 'TXT') return txtText(txtValue(target));
  const data = srvData(target);
  return data === null ? null : srvText(data);
}

/** external-dns takes the last dot from targets, of the root too, and nothing is left of that (read 2026-11). */
function srvData(target: string): SrvData | null {
  return parseSrvText(target) ?? parseSrvText(`${target.trim()} .`);
}

/** In quotes it is in presentation form; without them it is the text itself, in UTF-8. */
function txtValue(target: string): string {
  const quoted =
    target.startsWith('"') && target.endsWith('"') && target.length > 1 ? parseTxtText(target) : null;
  return quoted ?? Buffer.from(target, 'utf8').toString('latin1');
}
