import { setMaxListeners } from 'node:events';
import type { Answer } from 'dns-packet';
import { createMemory } from '../../providers/memory/index.ts';
import { publishChallenges, locateChallenges } from '../../src/challenges.ts';
import { parseDomainName, relativeToRoot } from '../../src/dns/domain-name.ts';
import type { Authorization } from '../../src/acme/order.ts';
import type { DnsClient, DnsProvider, Endpoint, Ports } from '../../src/ports.ts';
import type { ChallengeValue } from '../../src/schedule/state.ts';
import { type CachingResolver, createCachingResolver } from '../fakes/dns-cache.ts';
import { farmClient } from '../fakes/dns-farm-client.ts';
import { type Farm, type FarmOptions, createFarm } from '../fakes/dns-farm.ts';
import type { StubHandler } from './dns-stub.ts';
import { type FakeClock, createFakeClock } from './fake-clock.ts';
import { config, createWorld, ctx, site } from './fake-ports.ts';

export const APEX = 'example.org';
export const CHALLENGE = `_acme-challenge.${APEX}`;
export const RESOLVER: Endpoint = { address: '203.0.113.53', port: 53 };
const NAME = parseDomainName(APEX);

export interface FarmWorld {
  readonly clock: FakeClock;
  readonly farm: Farm;
  readonly resolver: CachingResolver;
  readonly ports: Ports;
  /** Where the challenges go, as `issue` asks. */
  locate(): Promise<ChallengeValue[]>;
  /** Locates, publishes and waits, as `issue` does. */
  publish(): Promise<void>;
  /** The value that stands for the challenge. */
  readonly value: string;
}

export interface FarmWorldOptions extends Omit<Partial<FarmOptions>, 'servers'> {
  readonly servers: FarmOptions['servers'];
  /** Other zones that are there, with servers of their own. */
  readonly others?: readonly Omit<FarmOptions, 'now'>[];
  readonly roundTripMs?: (address: string) => number;
  /** `nameServers` of the provider. */
  readonly nameServers?: readonly Endpoint[];
  /** A firewall lets nobody but the resolver through. */
  readonly blocked?: boolean;
  readonly timeoutMs?: number;
  /** In the place of the client that needs no sockets. */
  readonly dns?: (hosts: ReadonlyMap<string, StubHandler>) => DnsClient;
}

/** A farm for example.org, a resolver that remembers, and a provider whose every write is a new version of the zone. */
export function createFarmWorld(options: FarmWorldOptions): FarmWorld {
  const clock = createFakeClock();
  const world = createWorld();
  const now = (): number => clock.monotonic();
  const farm = createFarm({ apex: APEX, now, ...options });
  const others = (options.others ?? []).map((other) => createFarm({ now, ...other }));
  const farms = [farm, ...others];
  const resolver = createCachingResolver({ farms, now, records: farms.flatMap(addressRecords) });
  const hosts = new Map<string, StubHandler>([[RESOLVER.address, resolver.handler]]);
  if (options.blocked !== true)
    for (const each of farms)
      for (const server of each.servers) hosts.set(server.address, each.handler(server));
  const provider = publishing(farm);
  const ports: Ports = {
    ...world.ports(),
    clock,
    dns: options.dns?.(hosts) ?? farmClient(hosts, clock, options.roundTripMs),
    resolvers: [RESOLVER],
    provider: async () => provider,
  };
  const acme = world.ca.client();
  const value = acme.dns01Value('token');
  const base = config(site());
  const nameServers = options.nameServers ?? [];
  const settings = {
    ...base,
    propagationTimeoutMs: options.timeoutMs ?? 120_000,
    providers: new Map([...base.providers].map(([name, each]) => [name, { ...each, nameServers }] as const)),
  };
  const pending: Authorization = {
    url: 'https://ca.test/authorization/1',
    status: 'pending',
    name: NAME,
    wildcard: false,
    offers: ['dns-01'],
    dns01: { url: 'https://ca.test/challenge/1', status: 'pending', token: 'token' },
  };
  const stop = new AbortController();
  // Every question of a wait listens to it at once.
  setMaxListeners(0, stop.signal);
  const locate = (): Promise<ChallengeValue[]> =>
    locateChallenges(site(), [pending], acme, settings, ports, ctx(stop.signal));
  return {
    clock,
    farm,
    resolver,
    ports,
    value,
    locate,
    publish: async () => publishChallenges(site(), await locate(), settings, ports, ctx(stop.signal)),
  };
}

function addressRecords({ servers }: Farm): Answer[] {
  return servers.map(({ name, address }) => ({
    type: address.includes(':') ? ('AAAA' as const) : ('A' as const),
    name,
    ttl: 3600,
    data: address,
  }));
}

function publishing(farm: Farm): DnsProvider {
  const memory = createMemory({ zones: [parseDomainName(farm.apex)] });
  return {
    ...memory,
    async apply(zone, changes, context) {
      const receipt = await memory.apply(zone, changes, context);
      const keys = changes.flatMap((each) =>
        each.op === 'add' || each.op === 'remove' ? [{ name: each.name, type: each.type }] : [],
      );
      const rrsets = await memory.readRRsets(zone, keys, context);
      const names = new Set(keys.map(({ name }) => relativeToRoot(name)));
      const kept = farm.records().filter((each) => !(each.type === 'TXT' && names.has(each.name)));
      const written = rrsets.flatMap((rrset): Answer[] =>
        rrset?.type === 'TXT'
          ? rrset.values.map((data) => ({
              type: 'TXT',
              name: relativeToRoot(rrset.name),
              ttl: rrset.ttl,
              data,
            }))
          : [],
      );
      farm.publish([...kept, ...written]);
      return receipt;
    },
  };
}
