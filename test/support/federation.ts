/** A small part of the federation on loopback: a name server, a web server, homeservers, and a look at them. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ServerOptions, createServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { type Answer, AUTHORITATIVE_ANSWER, CHECKING_DISABLED } from 'dns-packet';
import { type CheckOptions, lookAtServer } from '../../src/check.ts';
import { type CheckReport, checkReport } from '../../src/federation/check-report.ts';
import type { ServerSight } from '../../src/federation/sight.ts';
import { createDnsClient } from '../../src/io/dns-client.ts';
import { createHttpsLooker } from '../../src/io/https-looker.ts';
import { createSystemClock } from '../../src/io/clock.ts';
import { createSystemDice } from '../../src/io/dice.ts';
import { parseServerName } from '../../src/matrix/server-name.ts';
import { type DnsStub, type StubReply, startDnsStub } from './dns-stub.ts';
import { startFullPort } from './full-port.ts';
import { type Issued, makeCertificate } from './x509-maker.ts';

export const NAME = 'example.org';
export const TARGET = 'matrix.example.org';

const RCODES = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;

export const ROOT_CA: Issued = makeCertificate({ subject: 'lab root', isCa: true });
export const INTERMEDIATE: Issued = makeCertificate({
  subject: 'lab intermediate',
  isCa: true,
  issuer: ROOT_CA,
});

/** What a TLS server is given. */
export type Credentials = Pick<ServerOptions, 'key' | 'cert'>;

export function certificateFor(
  names: readonly string[],
  rest: Partial<Parameters<typeof makeCertificate>[0]> = {},
): Credentials {
  const leaf = makeCertificate({ subject: names[0] ?? 'leaf', names, issuer: INTERMEDIATE, ...rest });
  return { key: leaf.privateKey, cert: leaf.pem + INTERMEDIATE.pem };
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export function json(
  status: number,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): Handler {
  return (_request, response) => {
    const body = typeof document === 'string' ? document : JSON.stringify(document);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
}

const SIGNING = generateKeyPairSync('ed25519');
const PUBLIC = Buffer.from(SIGNING.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  .toString('base64')
  .replace(/=+$/, '');

/** The key document of a homeserver, signed as its `server_name` says; `change` comes after the signature. */
export function serverKeys(
  fields: Readonly<Record<string, unknown>> = {},
  change: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const document: Record<string, unknown> = {
    old_verify_keys: {},
    server_name: NAME,
    valid_until_ts: Date.now() + 86_400_000,
    verify_keys: { 'ed25519:lab': { key: PUBLIC } },
    ...fields,
  };
  // Written by hand for what stands in it, so that the canonical JSON of the program is not its own witness.
  const text = `{${Object.keys(document)
    .sort()
    .map((key) => `"${key}":${JSON.stringify(document[key])}`)
    .join(',')}}`;
  const signature = sign(null, Buffer.from(text), SIGNING.privateKey).toString('base64').replace(/=+$/, '');
  return {
    ...document,
    signatures: { [String(document['server_name'])]: { 'ed25519:lab': signature } },
    ...change,
  };
}

export function homeserver(keys: Handler = json(200, serverKeys())): Handler {
  const version = json(200, { server: { name: 'Lab', version: '1.2' } });
  return (request, response) => {
    if (request.url === '/_matrix/key/v2/server') keys(request, response);
    else if (request.url === '/_matrix/federation/v1/version') version(request, response);
    else json(404, { errcode: 'M_UNRECOGNIZED' })(request, response);
  };
}

/** `[name, type, data]` as a zone file has it: `['a.example.org', 'A', '127.0.0.1']`, `[…, 'SRV', '10 5 8448 b.org']`. */
export type Row = readonly [name: string, type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'SOA' | 'SRV', data: string];
/** `bogus`: SERVFAIL unless the question says not to validate, as a validating resolver has it. */
export type Rcode = keyof typeof RCODES | 'silent' | 'bogus';

export interface Zone {
  readonly rows: readonly Row[];
  /** Of every record. Seconds; 300 where nothing is said. */
  readonly ttl?: number;
  /** By name: for every type. */
  readonly says?: Readonly<Record<string, Rcode>>;
}

export function startDns(zone: Zone): Promise<DnsStub> {
  return startDnsStub(({ name, type, flags }) => {
    const said = zone.says?.[name];
    if (said === 'silent') return null;
    if (said === 'bogus' && (flags & CHECKING_DISABLED) === 0) return reply(RCODES.SERVFAIL);
    if (said !== undefined && said !== 'bogus') return reply(RCODES[said]);
    const answers = answersIn(zone.rows, name.toLowerCase(), type ?? '');
    const { ttl = 300 } = zone;
    return reply(
      answers === null ? RCODES.NXDOMAIN : 0,
      (answers ?? []).map((answer) => ({ ...answer, ttl })),
    );
  });
}

/** Null: no such name. A wildcard answers for what does not exist (RFC 4592). */
function answersIn(rows: readonly Row[], name: string, type: string): Answer[] | null {
  const exact = rows.filter(([owner]) => owner === name);
  const parent = name.slice(name.indexOf('.') + 1);
  const own = exact.length > 0 ? exact : rows.filter(([owner]) => owner === `*.${parent}`);
  if (own.length === 0) return rows.some(([owner]) => owner.endsWith(`.${name}`)) ? [] : null;
  const alias = own.find(([, each]) => each === 'CNAME');
  if (alias !== undefined && type !== 'CNAME')
    return [record(name, alias), ...(answersIn(rows, alias[2], type) ?? [])];
  return own.filter(([, each]) => each === type).map((row) => record(name, row));
}

function record(name: string, [, type, data]: Row): Answer {
  if (type === 'SRV') {
    const [priority = 0, weight = 0, port = 0] = data.split(' ').map(Number);
    return { name, type, ttl: 300, data: { priority, weight, port, target: data.split(' ')[3] ?? '.' } };
  }
  if (type === 'SOA')
    return {
      name,
      type,
      ttl: 300,
      data: { mname: data, rname: `hostmaster.${data}`, serial: 1, minimum: 5 },
    };
  return { name, type, ttl: 300, data };
}

function reply(rcode: number, answers: Answer[] = []): StubReply {
  return { flags: AUTHORITATIVE_ANSWER | rcode, answers };
}

/** Everything that was started in a test, ended after it. */
export interface Federation {
  /** A TLS server on a free port. */
  serve(credentials: Credentials & ServerOptions, handler: Handler, address?: string): Promise<number>;
  /** Whatever else listens. */
  listen(server: Server, address?: string): Promise<number>;
  /** A port where the kernel drops what comes: its queue is full, and nobody accepts. */
  full(): Promise<number>;
  dns(zone: Zone): Promise<DnsStub>;
  look(resolver: DnsStub, options?: Partial<CheckOptions> & { readonly name?: string }): Promise<ServerSight>;
  check(
    resolver: DnsStub,
    options?: Partial<CheckOptions> & { readonly name?: string },
  ): Promise<CheckReport>;
}

export function federation(): Federation {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });
  const https = createHttpsLooker({ userAgent: 'test', caCertificates: ROOT_CA.pem });
  const listen = async (server: Server, address = '127.0.0.1'): Promise<number> => {
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', nothing).once('close', () => sockets.delete(socket));
    });
    await once(server.listen(0, address), 'listening');
    stops.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
      return once(server, 'close');
    });
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    return bound.port;
  };
  const look: Federation['look'] = (resolver, { name = NAME, ...options } = {}) =>
    lookAtServer(
      parseServerName(name),
      { pins: [], lab: true, ...options },
      {
        clock: createSystemClock(),
        dice: createSystemDice(),
        dns: createDnsClient({ timeoutMs: 300 }),
        https,
        resolvers: [resolver.endpoint],
      },
      { signal: new AbortController().signal, log: SILENT, changeId: 'test' },
    );
  return {
    listen,
    serve: (credentials, handler, address) => listen(createServer(credentials, handler), address),
    async full() {
      const full = await startFullPort();
      stops.push(() => full.stop());
      return full.port;
    },
    async dns(zone) {
      const stub = await startDns(zone);
      stops.push(() => stub.stop());
      return stub;
    },
    look,
    check: async (resolver, options) => checkReport(await look(resolver, options)),
  };
}

const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
