import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { type RunningProcess, runProgram, startProcess } from './process.ts';

export interface TestKey {
  readonly name: string;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
  /** Base64. */
  readonly secret: string;
}

/** What one key may change; without grants every key may change every type that tests write. */
export interface TestGrant {
  readonly key: string;
  /** Absolute, with or without the dot. */
  readonly name: string;
  readonly types: readonly string[];
}

export interface TestZone {
  /** Without the trailing dot. */
  readonly name: string;
  /** More records: master-file lines, names relative to the zone. */
  readonly records?: readonly string[];
  /** PowerDNS cannot grant names: there a grant opens the zone to its key. */
  readonly grants?: readonly TestGrant[];
}

export interface NameServerOptions {
  readonly zones: readonly (string | TestZone)[];
  /** Default: one key. */
  readonly keys?: readonly TestKey[];
  /** Follow a CNAME into another zone of the same server, as a resolver would (BIND only). */
  readonly recursion?: boolean;
  /** On which loopback port the zones are that NS records give away (BIND only, with recursion): NS have no ports. */
  readonly delegated?: Readonly<Record<string, number>>;
}

/** A real name server on a free loopback port, with a folder of its own. */
export interface NameServer {
  readonly kind: string;
  /** TCP and UDP, on 127.0.0.1. */
  readonly port: number;
  /** The first key. */
  readonly key: TestKey;
  readonly keys: readonly TestKey[];
  /** Path of the server's log. */
  readonly log: string;
  /** A key file for dig and nsupdate. */
  readonly keyFile: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** What differs from one name server to the other. */
export interface ServerKind {
  readonly kind: string;
  /** Writes config and zones into the folder; what to run then. */
  prepare(setting: Setting): Promise<{ readonly command: string; readonly args: readonly string[] }>;
}

export interface Setting {
  readonly directory: string;
  readonly port: number;
  readonly keys: readonly TestKey[];
  readonly zones: readonly Required<TestZone>[];
  readonly recursion: boolean;
  readonly delegated: Readonly<Record<string, number>>;
}

export const LOOPBACK = '127.0.0.1';
/** Types that a key without grants may change. */
export const OPEN_TYPES = ['TXT', 'SRV', 'A', 'AAAA', 'CNAME', 'TLSA', 'DNAME'] as const;
const READY_MS = 10_000;
const POLL_MS = 15;

export function testKey(name = 'delegated-test', algorithm: TestKey['algorithm'] = 'hmac-sha256'): TestKey {
  return { name, algorithm, secret: randomBytes(32).toString('base64') };
}

export async function startNameServer(kind: ServerKind, options: NameServerOptions): Promise<NameServer> {
  const keys = options.keys ?? [testKey()];
  const [key] = keys;
  if (key === undefined) throw new Error('a name server needs a key');
  const zones = options.zones.map((zone) => ({
    records: [],
    grants: [],
    ...(typeof zone === 'string' ? { name: zone } : zone),
  }));
  const directory = await mkdtemp(join(tmpdir(), `delegated-${kind.kind}-`));
  const keyFile = join(directory, 'tsig.key');
  await writeFile(keyFile, keys.map(keyClause).join(''), { mode: 0o600 });
  const port = await freePort();
  const { command, args } = await kind.prepare({
    directory,
    port,
    keys,
    zones,
    recursion: options.recursion ?? false,
    delegated: options.delegated ?? {},
  });
  const server = await startProcess(command, args, { log: join(directory, 'log'), cwd: directory });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await ready(server, port, zones);
  } catch (error) {
    await stop();
    throw error;
  }
  return { kind: kind.kind, port, key, keys, log: server.log, keyFile, pid: server.pid, stop };
}

/** The `key` clause of BIND, which dig and nsupdate read too. */
export function keyClause(key: TestKey): string {
  return `key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secret}"; };\n`;
}

/** Serial 1, negative answers kept for 5 seconds, the server itself as `ns.ZONE`. */
export function zoneText(zone: Required<TestZone>): string {
  const { name, records } = zone;
  return [
    '$TTL 60',
    `$ORIGIN ${name}.`,
    `@ IN SOA ns.${name}. hostmaster.${name}. 1 3600 600 86400 5`,
    `@ IN NS ns.${name}.`,
    'ns IN A 127.0.0.1',
    ...records,
    '',
  ].join('\n');
}

async function ready(server: RunningProcess, port: number, zones: readonly TestZone[]): Promise<void> {
  const last = zones.at(-1);
  if (last === undefined) return;
  const question = [
    `@${LOOPBACK}`,
    '-p',
    `${port}`,
    '+short',
    '+tcp',
    '+time=1',
    '+tries=1',
    last.name,
    'SOA',
  ];
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const answer = await Promise.race([runProgram('dig', question).catch(() => ''), server.died]);
    if (answer.includes('hostmaster')) return;
    await delay(POLL_MS);
  }
  throw new Error(`the name server is not ready after ${READY_MS} ms; see ${server.log}`);
}
