/**
 * Plays the DNS zones of the OVH API, version 1, after https://eu.api.ovh.com/console/?section=%2Fdomain and
 * https://docs.ovh.com/gb/en/customer/first-steps-with-ovh-api/ (2026-11): signatures, records by number, and a zone
 * that the name servers see only as it was when it was refreshed.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';

export interface FakeRecord {
  readonly id: number;
  readonly fieldType: string;
  readonly subDomain: string;
  readonly target: string;
  readonly ttl: number;
}

export interface FakeOvhZone {
  /** Without the last dot. */
  readonly name: string;
  records: FakeRecord[];
  /** What the name servers answer with. */
  published: readonly FakeRecord[];
}

export interface FakeOvh {
  readonly url: string;
  readonly zones: FakeOvhZone[];
  /** Requests are signed with the URL that they are sent to: a relay's is made known here. */
  trust(url: string): void;
  /** How far its clock is ahead of ours. */
  aheadMs: number;
  /** Asked before anything is looked at; null lets it pass. */
  trouble: (method: string, path: string) => FakeTrouble | null;
  /** Another writer's hand, which publishes at once. */
  add(zone: FakeOvhZone, record: Omit<FakeRecord, 'id'>): void;
  stop(): Promise<void>;
}

export interface FakeTrouble {
  readonly status: number;
  readonly errorCode?: string;
  readonly class?: string;
  readonly message: string;
}

export interface FakeOvhOptions {
  readonly applicationKey: string;
  readonly applicationSecret: string;
  readonly consumerKey: string;
  readonly zones: readonly string[];
}

const SKEW_MS = 30_000;
const FIELD_TYPES = new Set(
  'A AAAA CAA CNAME DKIM DMARC DNAME HTTPS LOC MX NAPTR NS PTR RP SPF SRV SSHFP SVCB TLSA TXT'.split(' '),
);

export async function startFakeOvh(options: FakeOvhOptions): Promise<FakeOvh> {
  const zones = options.zones.map((name): FakeOvhZone => ({ name, records: [], published: [] }));
  let lastId = 5_000_000_000;
  const server = createServer((request, response) => {
    void bodyOf(request)
      .then((body) => {
        const { status, json } = answer(request, body);
        response
          .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
          .end(JSON.stringify(json));
      })
      .catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const urls = [`http://127.0.0.1:${address.port}`];
  const fake: FakeOvh = {
    url: urls[0] ?? '',
    zones,
    trust: (url) => urls.push(url),
    aheadMs: 0,
    trouble: () => null,
    add(zone, record) {
      zone.records.push({ id: (lastId += 1), ...record });
      zone.published = [...zone.records];
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return fake;

  function answer(request: IncomingMessage, body: string): { status: number; json: unknown } {
    const { method = 'GET', url = '/' } = request;
    const { pathname, searchParams } = new URL(url, fake.url);
    try {
      const trouble = fake.trouble(method, pathname);
      if (trouble !== null) throw new Refusal(trouble);
      const seconds = Math.floor((Date.now() + fake.aheadMs) / 1_000);
      if (pathname === '/auth/time') return { status: 200, json: seconds };
      authenticate(request, body, seconds);
      return { status: 200, json: route(method, pathname, searchParams, body) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, ...json } = error.trouble;
      return { status, json: { ...json, httpCode: `${status}` } };
    }
  }

  function authenticate(
    { method = '', url = '', headers }: IncomingMessage,
    body: string,
    now: number,
  ): void {
    if (headers['x-ovh-application'] !== options.applicationKey)
      throw refusal(403, 'INVALID_KEY', 'This application key is invalid');
    if (headers['x-ovh-consumer'] !== options.consumerKey)
      throw refusal(403, 'INVALID_CREDENTIAL', 'This credential is not valid');
    const timestamp = Number(headers['x-ovh-timestamp']);
    if (!(Math.abs(timestamp - now) * 1_000 <= SKEW_MS))
      throw refusal(400, 'QUERY_TIME_OUT', 'Query out of time');
    const signed = urls.some((base) => {
      const parts = [options.applicationSecret, options.consumerKey, method, base + url, body, timestamp];
      const digest = createHash('sha1').update(parts.join('+')).digest('hex');
      return headers['x-ovh-signature'] === `$1$${digest}`;
    });
    if (!signed) throw refusal(400, 'INVALID_SIGNATURE', 'Invalid signature');
  }

  function route(method: string, path: string, query: URLSearchParams, body: string): unknown {
    if (method === 'GET' && path === '/domain/zone') return zones.map(({ name }) => name);
    const [, name, rest = ''] = /^\/domain\/zone\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const zone = zones.find((each) => each.name === name);
    if (name === undefined) throw notFound('Got an invalid (or empty) URL');
    if (zone === undefined) throw notFound('This service does not exist');
    if (method === 'POST' && rest === '/refresh') {
      zone.published = [...zone.records];
      return null;
    }
    if (method === 'GET' && rest === '/record') return matching(zone, query);
    if (method === 'POST' && rest === '/record') {
      const record = { id: (lastId += 1), ...checked(zone, fields(body, null)) };
      zone.records.push(record);
      return { ...record, zone: zone.name };
    }
    const id = Number(/^\/record\/(\d+)$/.exec(rest)?.[1]);
    const record = zone.records.find((each) => each.id === id);
    if (record === undefined) throw notFound(`The requested object (id = ${id}) does not exist`);
    if (method === 'GET') return { ...record, zone: zone.name };
    const others = zone.records.filter((each) => each !== record);
    if (method === 'DELETE') zone.records = others;
    else if (method === 'PUT') {
      const changed = { id, ...checked({ ...zone, records: others }, fields(body, record)) };
      zone.records = [...others, changed];
    } else throw notFound('Got an invalid (or empty) URL');
    return null;
  }
}

class Refusal extends Error {
  readonly trouble: FakeTrouble;
  constructor(trouble: FakeTrouble) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

function refusal(status: number, errorCode: string, message: string): Refusal {
  return new Refusal({ status, errorCode, message });
}

function notFound(message: string): Refusal {
  return new Refusal({ status: 404, class: 'Client::NotFound', message });
}

function bad(message: string): Refusal {
  return new Refusal({ status: 400, class: 'Client::BadRequest', message });
}

/** The filters are of SQL: any case, `_` for any character, `%` for any number of them. */
function matching(zone: FakeOvhZone, query: URLSearchParams): number[] {
  const like = (key: string): RegExp | null => {
    const text = query.get(key);
    if (text === null) return null;
    const pattern = text
      .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      .replace(/_/g, '.')
      .replace(/%/g, '.*');
    return new RegExp(`^${pattern}$`, 'i');
  };
  const [subDomain, fieldType] = [like('subDomain'), like('fieldType')];
  return zone.records
    .filter((record) => subDomain?.test(record.subDomain) ?? true)
    .filter((record) => fieldType?.test(record.fieldType) ?? true)
    .map(({ id }) => id);
}

function fields(body: string, existing: FakeRecord | null): Omit<FakeRecord, 'id'> {
  const given: unknown = JSON.parse(body === '' ? 'null' : body);
  if (typeof given !== 'object' || given === null) throw bad('Missing body');
  const known = new Map(Object.entries(given));
  const text = (key: string): string => {
    const value: unknown = known.get(key) ?? '';
    known.delete(key);
    if (typeof value !== 'string') throw bad(`[${key}] Given data is not valid for type string`);
    return value;
  };
  if (existing !== null && known.has('fieldType')) throw bad('Cannot alter read-only properties: fieldType');
  const fieldType = existing?.fieldType ?? text('fieldType');
  const read = { subDomain: text('subDomain'), target: text('target') };
  const ttl: unknown = known.get('ttl') ?? 0;
  known.delete('ttl');
  if (known.size > 0) throw bad(`Received not described parameters: (${[...known.keys()].join(', ')})`);
  if (typeof ttl !== 'number') throw bad('[ttl] Given data is not valid for type long');
  return { fieldType, ...read, ttl };
}

function checked(zone: FakeOvhZone, record: Omit<FakeRecord, 'id'>): Omit<FakeRecord, 'id'> {
  const { fieldType, subDomain, target, ttl } = record;
  if (!FIELD_TYPES.has(fieldType)) throw bad(`[fieldType] Given data (${fieldType}) is not valid`);
  if (!/^(?:(?:\*|[\w-]{1,63})(?:\.[\w-]{1,63})*)?$/.test(subDomain)) throw bad('Invalid subdomain');
  if (ttl !== 0 && !(Number.isInteger(ttl) && ttl >= 60)) throw bad('Invalid ttl: must be at least 60');
  const beside = zone.records.filter((each) => each.subDomain === subDomain);
  if (beside.some((each) => (each.fieldType === 'CNAME') !== (fieldType === 'CNAME')))
    throw bad('A CNAME record cannot coexist with other records of the same subdomain');
  if (fieldType === 'SRV') {
    const [, ...numbers] = /^(\d{1,5}) (\d{1,5}) (\d{1,5}) (?:\S{1,253}\.|\.)$/.exec(target) ?? [];
    if (numbers.length < 3 || numbers.some((number) => Number(number) > 65_535))
      throw bad('Invalid target: expected priority weight port target.');
  }
  if (fieldType !== 'TXT') return record;
  if (/^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\\d{3}|\\["\\])*"$/.test(target)) return record;
  // Quotes are put around what has none.
  if (/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(target)) return { ...record, target: `"${target}"` };
  throw bad('Invalid target');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
