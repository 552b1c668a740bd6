import * as z from 'zod';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import type { DomainName, RRset } from '../../src/provider.ts';

/** Somebody wrote a CNAME into the file. We serve it and never touch it. */
export interface Alias {
  readonly name: DomainName;
  /** Seconds. */
  readonly ttl: number;
  readonly target: DomainName;
}

/** Everything that is stored: one serial for all zones, since whoever waits for a change waits for any. */
export interface ZoneData {
  readonly serial: number;
  /** By `keyText`. */
  readonly rrsets: ReadonlyMap<string, RRset>;
  readonly aliases: ReadonlyMap<DomainName, Alias>;
}

/** No other name server begins at 0, so two that serve nothing yet are not taken for one another. */
export const NO_DATA: ZoneData = { serial: 0, rrsets: new Map(), aliases: new Map() };

const Name = z.string().transform(parseDomainName);
const Ttl = z.int().min(0).max(0x7fffffff);
const Uint16 = z.int().min(0).max(0xffff);
const Srv = z.object({ priority: Uint16, weight: Uint16, port: Uint16, target: Name });
// One char per octet.
const Octets = z.string().regex(/^[\0-\u00ff]*$/);

const StoredFile = z.object({
  version: z.literal(1),
  serial: z.int().min(0).max(0xffffffff),
  rrsets: z.array(
    z.discriminatedUnion('type', [
      z.object({ name: Name, type: z.literal('SRV'), ttl: Ttl, values: z.array(Srv).min(1) }),
      z.object({ name: Name, type: z.literal('TXT'), ttl: Ttl, values: z.array(Octets).min(1) }),
      z.object({ name: Name, type: z.literal('CNAME'), ttl: Ttl, target: Name }),
    ]),
  ),
});

/** @throws whatever JSON, zod and names throw: the file is not ours, or damaged */
export function parseZoneData(text: string): ZoneData {
  const parsed: unknown = JSON.parse(text);
  const { serial, rrsets } = StoredFile.parse(parsed);
  const data = { serial, rrsets: new Map<string, RRset>(), aliases: new Map<DomainName, Alias>() };
  for (const stored of rrsets) {
    if (stored.type === 'CNAME') data.aliases.set(stored.name, stored);
    else data.rrsets.set(keyText(stored), stored);
  }
  return data;
}

export function formatZoneData({ serial, rrsets, aliases }: ZoneData): string {
  const cnames = [...aliases.values()].map(({ name, ttl, target }) => ({ name, type: 'CNAME', ttl, target }));
  const plain = [...rrsets.values()].map(({ name, type, ttl, values }) => ({ name, type, ttl, values }));
  return `${JSON.stringify({ version: 1, serial, rrsets: [...plain, ...cnames] }, null, 2)}\n`;
}
