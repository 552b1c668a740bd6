import { createHash } from 'node:crypto';
import { under } from '../../src/dns/domain-name.ts';
import { parseTxtText } from '../../src/dns/parse-rdata.ts';
import { keyText } from '../../src/dns/rrset.ts';
import type {
  Capabilities,
  Ctx,
  DnsProvider,
  DomainName,
  Log,
  RRset,
  RRsetKey,
  SrvData,
  SrvRRset,
  TxtRRset,
  Zone,
} from '../../src/provider.ts';

/** A provider, and the world around it as seen without it. */
export interface ConformanceTarget {
  readonly provider: DnsProvider;
  /** A zone that the provider serves and that nobody but the suite writes to. */
  readonly zone: DomainName;
  /** A zone below it that the provider serves as well, where there is one. */
  readonly deeper?: DomainName;
  /** The longest name that a record of the zone may have, in octets without the last dot; default: 253, as in DNS. */
  readonly nameOctets?: number;
  /** Every record of the zone, `NAME TTL IN TYPE RDATA`, in an order that depends on nothing; without the SOA. */
  snapshot(): Promise<readonly string[]>;
  /** Another writer's hand. Replaces the RRset. */
  write(rrset: RRset): Promise<void>;
  erase(key: RRsetKey): Promise<void>;
  alias(name: DomainName, target: DomainName): Promise<void>;
  /** The same provider before a server that accepts and never answers. */
  mute(): Promise<DnsProvider>;
  /** The same provider, set up in ways that fail, with secrets that must not be seen. */
  broken(): Promise<readonly DnsProvider[]>;
  /**
   * The values that the other side takes, where it does not take every string of octets: no NUL in an argument of a
   * program, nothing but digests at acme-dns. By default all.
   */
  takes?(value: string): boolean;
  /** Calls that the provider answers by itself, so that nobody can leave them waiting. */
  readonly answeredAlone?: readonly (keyof DnsProvider)[];
  /** For adapters that speak HTTP. */
  readonly http?: HttpTarget;
  /** Texts that no error may hold. */
  readonly secrets: readonly string[];
  stop(): Promise<void>;
}

export interface HttpTarget {
  /** Where the API listens. */
  readonly upstream: string;
  /** The provider with another URL for its API. */
  open(url: string): DnsProvider;
  /** Whether a request changes something; default: everything but GET. */
  isWrite?(request: { readonly method: string; readonly path: string }): boolean;
  /**
   * Another writer's hand: as many TXT RRsets at names of their own, all with one value; those of a call before may
   * stay. Without it the zone is not filled.
   */
  fill?(count: number): Promise<readonly DomainName[]>;
  /** RRsets (or records, where the API has no RRsets) in one page of an answer; Infinity when all come at once. */
  readonly pageSize: number;
}

/** What the laws speak with: the target, set up before the first law, and names that no other law uses. */
export interface Bench {
  readonly target: ConformanceTarget;
  readonly provider: DnsProvider;
  readonly zone: Zone;
  /** `_matrix-fed._tcp.lawN.ZONE` */
  readonly srvName: () => DomainName;
  /** `_acme-challenge.lawN.ZONE` */
  readonly txtName: () => DomainName;
  readonly ttls: Ttls;
  /** With a TTL that the provider takes. */
  readonly srv: (name: DomainName, values: readonly SrvData[], ttl?: number) => SrvRRset;
  readonly txt: (name: DomainName, values: readonly string[], ttl?: number) => TxtRRset;
  readonly read: (key: RRsetKey) => Promise<RRset | null>;
  /** The TXT values at the name, sorted: as the provider reads them, or as they stand where it cannot read. */
  texts(name: DomainName): Promise<readonly string[]>;
  /** Everything in the zone but the RRset. */
  others(key: RRsetKey): Promise<readonly string[]>;
}

/** Seconds, each different, and within what the provider takes. */
export interface Ttls {
  /** Of a challenge value. */
  readonly low: number;
  /** Of SRV records. */
  readonly usual: number;
  readonly other: number;
}

export function ttlsOf({ ttl: { min } }: Capabilities): Ttls {
  const low = Math.max(60, min);
  return { low, usual: low + 240, other: low + 540 };
}

const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const CALL_MS = 10_000;

export function testCtx(signal: AbortSignal = AbortSignal.timeout(CALL_MS)): Ctx {
  return { signal, log: SILENT, changeId: 'conformance' };
}

export function createBench(target: ConformanceTarget, zone: Zone): Bench {
  let laws = 0;
  const ttls = ttlsOf(target.provider.capabilities);
  const fresh = (prefix: string): DomainName => under(`${prefix}.law${(laws += 1)}`, target.zone);
  return {
    target,
    provider: target.provider,
    zone,
    srvName: () => fresh('_matrix-fed._tcp'),
    txtName: () => fresh('_acme-challenge'),
    ttls,
    srv: (name, values, ttl = ttls.usual) => srv(name, values, ttl),
    txt: (name, values, ttl = ttls.low) => txt(name, values, ttl),
    async read(key) {
      const found = await target.provider.readRRsets(zone, [key], testCtx());
      return found[0] ?? null;
    },
    async texts(name) {
      if (!target.provider.capabilities.reads) return storedTexts(target, name);
      const [found] = await target.provider.readRRsets(zone, [{ name, type: 'TXT' }], testCtx());
      return found?.type === 'TXT' ? [...found.values].sort() : [];
    },
    async others(key) {
      const own = new RegExp(
        `^${keyText(key)
          .replace(/\./g, '\\.')
          .replace(' ', String.raw` \d+ IN `)} `,
      );
      return (await target.snapshot()).filter((line) => !own.test(line));
    },
  };
}

/** The TXT values at the name, sorted, as they stand there. */
export async function storedTexts(target: ConformanceTarget, name: DomainName): Promise<string[]> {
  const lines = (await target.snapshot()).filter((line) => line.startsWith(`${name} `));
  return lines
    .flatMap((line) => {
      const [, rdata] = / IN TXT (.*)$/s.exec(line) ?? [];
      return rdata === undefined ? [] : [parseTxtText(rdata) ?? rdata];
    })
    .sort();
}

/** What a challenge value looks like (RFC 8555 §8.4); the same text gives the same one. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

export function srv(name: DomainName, values: readonly SrvData[], ttl = 300): SrvRRset {
  return { name, type: 'SRV', ttl, values };
}

export function txt(name: DomainName, values: readonly string[], ttl = 60): TxtRRset {
  return { name, type: 'TXT', ttl, values };
}

function nothing(): void {
  return undefined;
}
