/** The fake Cloudflare as the tests of the adapter use it: a token, and another writer's hand. */
import { openCloudflare } from '../../../providers/cloudflare/index.ts';
import { cloudflareOptions } from '../../../providers/cloudflare/options.ts';
import { relativeToRoot } from '../../../src/dns/domain-name.ts';
import { txtText } from '../../../src/dns/rrset.ts';
import type { DnsProvider, DomainName, RRset, RRsetKey } from '../../../src/provider.ts';
import type { FakeZone } from '../../fakes/cloudflare.ts';
import { type FakeRecord, newId } from '../../fakes/cloudflare-records.ts';

export const TOKEN = 'canary-of-a-token-that-may-edit-dns-00001';
export const READER = 'canary-of-a-token-that-may-only-look-0001';

export interface OpenOptions {
  readonly apiToken?: string;
  readonly account?: string;
  readonly timeout?: number;
  readonly now?: () => Date;
}

/** @param origin of the API, or of what stands before it */
export function openFake(origin: string, options: OpenOptions = {}): DnsProvider {
  const { now = (): Date => new Date(), ...settings } = options;
  const parsed = cloudflareOptions.parse({ apiToken: TOKEN, baseUrl: `${origin}/client/v4`, ...settings });
  return openCloudflare(parsed, { now });
}

/** Another writer's record, as it stands in the API. */
export function plant(zone: FakeZone, record: Omit<FakeRecord, 'id'>): FakeRecord {
  const planted = { ...record, id: newId() };
  zone.records = [...zone.records, planted];
  return planted;
}

export function erase(zone: FakeZone, { name, type }: RRsetKey): void {
  zone.records = zone.records.filter((each) => each.name !== relativeToRoot(name) || each.type !== type);
}

export function overwrite(zone: FakeZone, rrset: RRset): void {
  erase(zone, rrset);
  const common = { name: relativeToRoot(rrset.name), type: rrset.type, ttl: rrset.ttl };
  if (rrset.type === 'TXT')
    for (const value of rrset.values) plant(zone, { ...common, content: txtText(value) });
  else
    for (const { target: name, ...numbers } of rrset.values) {
      const target = relativeToRoot(name);
      const content = `${numbers.weight} ${numbers.port} ${target}`;
      plant(zone, { ...common, content, data: { ...numbers, target } });
    }
}

export function alias(zone: FakeZone, name: DomainName, target: DomainName): void {
  plant(zone, { name: relativeToRoot(name), type: 'CNAME', ttl: 1, content: relativeToRoot(target) });
}

/** `NAME TTL IN TYPE RDATA`, sorted. */
export function linesOf({ records }: FakeZone): string[] {
  return records
    .map(({ name, ttl, type, content, data }) => `${name}. ${ttl} IN ${type} ${rdata(type, content, data)}`)
    .sort();
}

function rdata(type: string, content: string, data: FakeRecord['data']): string {
  if (type !== 'SRV') return content;
  const line = ['priority', 'weight', 'port', 'target'].map((field) => String(data?.[field])).join(' ');
  return line.endsWith('.') ? line : `${line}.`;
}
