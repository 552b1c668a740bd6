/**
 * The world around the verbs, in memory: it outlives "processes", each of which gets ports of its own. A fake is an
 * object that fits a port; nothing here knows what a verb will do.
 */
import { type MemoryProvider, createMemory } from '../../providers/memory/index.ts';
import type { CertificateConfig, Config, SiteConfig } from '../../src/config/config.ts';
import { type DomainName, parseDomainName, under } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { SrvData } from '../../src/dns/rrset.ts';
import { parseDelegableServerName } from '../../src/matrix/server-name.ts';
import type {
  CertificateStore,
  Clock,
  Ctx,
  Dice,
  Log,
  Ports,
  StoredVersion,
  WebRoot,
} from '../../src/ports.ts';
import { type FakeCa, createFakeCa } from './fake-ca.ts';
import { type FakeCertificates, createFakeCertificates } from './fake-certificates.ts';
import { type FakeClock, createFakeClock } from './fake-clock.ts';
import { type FakeDns, type FakeZone, createFakeDns } from './fake-dns.ts';
import { type FakeFederation, createFakeFederation } from './fake-federation.ts';
import { type FakeHomeserver, createFakeHomeserver } from './fake-homeserver.ts';
import { type FakeState, createFakeState } from './fake-state.ts';

/** Stands between a verb and every call of an asynchronous port, such as `provider.apply` or `acme.newOrder`. */
export type Around = (call: string, perform: () => Promise<unknown>) => Promise<unknown>;

export interface World {
  readonly clock: FakeClock;
  readonly dns: FakeDns;
  /** The provider that the config calls "main". */
  readonly provider: MemoryProvider;
  readonly certificates: FakeCertificates;
  readonly ca: FakeCa;
  /** At `OTHER_CA`; its calls are those of `otherAcme`. */
  readonly otherCa: FakeCa;
  readonly state: FakeState;
  /** By lineage, oldest first. */
  readonly versions: Map<string, StoredVersion[]>;
  /** Files by path. */
  readonly webFiles: Map<string, string>;
  readonly homeserver: FakeHomeserver;
  /** What peers meet. */
  readonly federation: FakeFederation;
  /** Every call of an asynchronous port, in order. */
  readonly calls: string[];
  /** What was logged as a warning or worse. */
  readonly warnings: string[];
  /** The ports of a new process. */
  ports(around?: Around): Ports;
  /** Everything under `_acme-challenge`. */
  challengeValues(): string[];
}

export const OTHER_CA = 'https://other.test/directory';
export const RESOLVER = { address: '127.0.0.1', port: 53 };
export const EXAMPLE = parseDomainName('example.org');
export const HOSTER = parseDomainName('hoster.net');
export const MATRIX = under('matrix', EXAMPLE);
export const FED = under('_matrix-fed._tcp', EXAMPLE);
export const CHALLENGE = under('_acme-challenge', EXAMPLE);

const nothing = (): void => undefined;
export const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export function ctx(signal: AbortSignal = new AbortController().signal): Ctx {
  return { signal, log: SILENT, changeId: 'test' };
}

export interface WorldOptions {
  readonly clock?: FakeClock;
  /** The CA's own, which is right whatever ours says. Default: ours. */
  readonly caClock?: Clock;
  /** Default: draws that are no draws. */
  readonly dice?: () => Dice;
}

/** The zones example.org and hoster.net, two name servers each, and matrix.example.org with two addresses. */
export function createWorld(options: WorldOptions = {}): World {
  const { clock = createFakeClock(), caClock = clock, dice = createFakeDice } = options;
  const provider = createMemory({ zones: [EXAMPLE, HOSTER] });
  const webFiles = new Map<string, string>();
  const webRoot: WebRoot = {
    read: async (path) => webFiles.get(path) ?? null,
    write: async (path, text) => void webFiles.set(path, text),
  };
  const dns = createFakeDns(RESOLVER.address, provider);
  dns.zones.push(zone(EXAMPLE, '192.0.2'), zone(HOSTER, '198.51.100'));
  for (const { servers } of dns.zones)
    for (const [name, addresses] of servers)
      for (const data of addresses)
        dns.records.push({ name, ttl: 3600, type: data.includes(':') ? 'AAAA' : 'A', data });
  dns.records.push({ name: MATRIX, ttl: 300, type: 'A', data: '203.0.113.5' });
  dns.records.push({ name: MATRIX, ttl: 300, type: 'AAAA', data: '2001:db8::5' });

  const certificates = createFakeCertificates();
  const lookUp = async (name: DomainName): Promise<string[]> => {
    const question = { name, type: 'TXT', recurse: true } as const;
    const { answers } = await dns.query(RESOLVER, question, ctx());
    return answers.flatMap((record) => (record.type === 'TXT' ? [record.data] : []));
  };
  const ca = createFakeCa({ clock: caClock, certificates, lookUp });
  const otherCa = createFakeCa({ clock: caClock, certificates, lookUp, origin: 'https://other.test' });
  const state = createFakeState();
  const versions = new Map<string, StoredVersion[]>();
  const homeserver = createFakeHomeserver();
  const federation = createFakeFederation();
  const calls: string[] = [];
  const warnings: string[] = [];
  const warn: Log['warn'] = (message) => void warnings.push(message);
  const log: Log = { ...SILENT, warn, error: warn };
  const store = createStore(versions, certificates);

  return {
    clock,
    dns,
    provider,
    certificates,
    ca,
    otherCa,
    state,
    versions,
    homeserver,
    federation,
    webFiles,
    calls,
    warnings,
    challengeValues: () => provider.snapshot().filter((line) => line.startsWith('_acme-challenge.')),
    ports(around = (_, perform) => perform()) {
      const watched: Around = (call, perform) => {
        calls.push(call);
        return around(call, perform);
      };
      const acme = wrap('acme', ca.client(), watched);
      const otherAcme = wrap('otherAcme', otherCa.client(), watched);
      const wrapped = wrap('provider', provider, watched);
      return {
        clock: wrap('clock', clock, watched),
        dice: dice(),
        log,
        progress: nothing,
        dns: wrap('dns', dns, watched),
        resolvers: [RESOLVER],
        provider: async () => wrapped,
        acme: async (directoryUrl) => (directoryUrl === OTHER_CA ? otherAcme : acme),
        account: async (directoryUrl) => {
          const { hasAccount } = directoryUrl === OTHER_CA ? otherCa : ca;
          const { origin } = new URL(directoryUrl);
          return hasAccount ? { url: `${origin}/account/1`, thumbprint: 'x'.repeat(43) } : null;
        },
        keys: async () => wrap('keys', certificates, watched),
        store: wrap('store', store, watched),
        state: wrap('state', state, watched),
        webRoot: wrap('webRoot', webRoot, watched),
        outputs: wrap('outputs', homeserver.outputs, watched),
        reloader: wrap('reloader', homeserver.reloader, watched),
        tls: wrap('tls', homeserver.tls, watched),
        https: async () => wrap('https', federation, watched),
      };
    },
  };
}

export function srv(target: DomainName, port = 8448, priority = 10, weight = 5): SrvData {
  return { priority, weight, port, target };
}

export function certificate(over: Partial<CertificateConfig> = {}): CertificateConfig {
  const output = {
    directory: '/etc/matrix-synapse/tls',
    keyMode: 0o640,
    certificateMode: 0o644,
    layout: 'links',
  } as const;
  return {
    names: [],
    keyType: 'ec256',
    outputs: [output],
    reload: { kind: 'systemd', unit: 'matrix-synapse.service' },
    verify: [{ address: '203.0.113.5', port: 8448 }],
    verifyTimeoutMs: 10_000,
    keepVersions: 3,
    ...over,
  };
}

export function site(over: Partial<SiteConfig> & { readonly name?: string } = {}): SiteConfig {
  const { name = 'example.org', ...rest } = over;
  return {
    serverName: parseDelegableServerName(name),
    provider: 'main',
    srv: [srv(MATRIX)],
    ttl: 3600,
    legacySrv: false,
    proveTargets: true,
    certificate: null,
    ...rest,
  };
}

export function config(...sites: readonly SiteConfig[]): Config {
  return {
    file: '/etc/delegated/config.yaml',
    state: '/var/lib/delegated',
    resolvers: [],
    propagationTimeoutMs: 60_000,
    acme: {
      directoryUrl: 'https://ca.test/directory',
      stagingDirectoryUrl: null,
      termsOfServiceAgreed: true,
      timeoutMs: 600_000,
    },
    wellKnown: { listen: [] },
    providers: new Map([
      ['main', { name: 'main', type: 'memory', nameServers: [], options: {}, variables: {} }],
    ]),
    sites,
  };
}

/** Draws that are no draws: the middle of everything, and tokens that count. */
export function createFakeDice(): Dice {
  let tokens = 0;
  return {
    uniform: () => 0.5,
    token: (length) => `${(tokens += 1)}`.padStart(length, 'x'),
  };
}

function zone(apex: DomainName, network: string): FakeZone {
  return {
    apex,
    servers: new Map([
      [under('ns1', apex), [`${network}.1`]],
      [under('ns2', apex), [`${network}.2`, `2001:db8:${network.split('.')[0] ?? ''}::2`]],
    ]),
  };
}

function createStore(
  versions: Map<string, StoredVersion[]>,
  certificates: FakeCertificates,
): CertificateStore {
  /** By lineage, where somebody went back. */
  const chosen = new Map<string, string>();
  const live = (lineage: string): StoredVersion | null => {
    const all = versions.get(lineage) ?? [];
    return all.find(({ id }) => id === chosen.get(lineage)) ?? all.at(-1) ?? null;
  };
  return {
    read: async (lineage) => live(lineage),
    live: async (lineage) => live(lineage)?.id ?? null,
    async activate(lineage, wanted) {
      const version = versions.get(lineage)?.find(({ id }) => id === wanted);
      if (version === undefined) throw new DelegatedError('E_CERTIFICATE_STORE', `no version ${wanted}`);
      chosen.set(lineage, wanted);
      return version;
    },
    versions: async (lineage) => (versions.get(lineage) ?? []).map(({ id }) => id),
    readVersion: async (lineage, wanted) =>
      versions.get(lineage)?.find(({ id }) => id === wanted) ?? { broken: 'there is no such version' },
    async commit(lineage, material) {
      const before = versions.get(lineage) ?? [];
      const facts = certificates.facts(material.fullchain);
      const directory = `/var/lib/delegated/certificates/${lineage}/current`;
      const version = { id: `version-${before.length + 1}`, directory, facts, material };
      versions.set(lineage, [...before, version]);
      chosen.delete(lineage);
      return version;
    },
  };
}

/** What answers at once touches nothing. */
const SYNCHRONOUS: ReadonlySet<PropertyKey> = new Set([
  'now',
  'monotonic',
  'dns01Value',
  'facts',
  'mismatch',
  'close',
]);

function wrap<Port extends object>(name: string, port: Port, around: Around): Port {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function' || SYNCHRONOUS.has(key)) return member;
      return (...args: unknown[]): Promise<unknown> =>
        around(`${name}.${String(key)}`, async (): Promise<unknown> => Reflect.apply(member, target, args));
    },
  });
}
