import { isIPv6 } from 'node:net';
import { isWithin, parseDomainName, under } from '../../src/dns/domain-name.ts';
import type { DomainName } from '../../src/provider.ts';
import type { BuiltinOptions } from './options.ts';

/** What the server says of its zones besides the records in them. */
export interface Authority {
  readonly zones: readonly [DomainName, ...DomainName[]];
  /** The NS records of every zone; the first is the SOA's primary. */
  readonly hostnames: readonly [DomainName, ...DomainName[]];
  readonly hostmaster: DomainName;
  readonly addresses: ReadonlyMap<DomainName, readonly HostAddress[]>;
  /** Seconds. */
  readonly negativeTtl: number;
}

export interface HostAddress {
  readonly type: 'A' | 'AAAA';
  readonly address: string;
}

export function authorityOf(options: BuiltinOptions): Authority {
  const [zone, ...more] = options.zones;
  if (zone === undefined) throw new Error('the schema lets no empty list of zones pass');
  const [primary = under('ns', zone), ...others] = options.hostnames ?? [];
  return {
    zones: [zone, ...more],
    hostnames: [primary, ...others],
    hostmaster: options.hostmaster ?? under('hostmaster', zone),
    addresses: new Map(
      Object.entries(options.addresses).map(([name, list]) => [parseDomainName(name), list.map(hostAddress)]),
    ),
    negativeTtl: options.negativeTtl,
  };
}

/** The deepest of the zones at or above the name. */
export function zoneOf(name: DomainName, zones: readonly DomainName[]): DomainName | null {
  return zones.filter((zone) => isWithin(name, zone)).sort((a, b) => b.length - a.length)[0] ?? null;
}

function hostAddress(address: string): HostAddress {
  return { type: isIPv6(address) ? 'AAAA' : 'A', address };
}
