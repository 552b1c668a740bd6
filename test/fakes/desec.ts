/**
 * Plays the DNS part of deSEC's API: https://desec.readthedocs.io/en/latest/dns/domains.html, dns/rrsets.html (bulk
 * requests), auth/tokens.html (policies) and rate-limits.html, with the words of github.com/desec-io/desec-stack
 * (2026-11). Refuses what breaks their rules.
 */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type Domain, type RRset, Refusal, canonical, keyOf, writeBulk } from './desec-rules.ts';

/** Null: whatever it is. */
export interface FakePolicy {
  readonly domain: string | null;
  readonly subname: string | null;
  readonly type: string | null;
  readonly perm_write: boolean;
}

export interface FakeDesec {
  /** Of the API, as `baseUrl` wants it. */
  readonly url: string;
  readonly token: string;
  put(domain: string, rrset: RRset): void;
  erase(domain: string, subname: string, type: string): void;
  /** What stands there, as deSEC spells it. */
  records(domain: string, subname: string, type: string): readonly string[];
  setMinimumTtl(domain: string, seconds: number): void;
  /** `NAME TTL IN TYPE RDATA`, sorted. */
  snapshot(domain: string): string[];
  /** Those of the token; without any it may do everything. */
  policies: readonly FakePolicy[];
  /** How many writes each domain has left in its day of 300; then it is asked to wait. */
  writesLeft: number;
  readonly retryAfterSeconds: number;
  stop(): Promise<void>;
}

export const PAGE_SIZE = 500;
const LONGEST_QNAME = 191;
const CREATED = '2026-11-25T12:00:00.000000Z';

export async function startFakeDesec(
  names: readonly (string | { readonly name: string; readonly minimumTtl: number })[],
): Promise<FakeDesec> {
  const token = 'canaryTokenOfTheAccount23456';
  const domains = names.map((each): Domain => {
    const { name, minimumTtl } = typeof each === 'string' ? { name: each, minimumTtl: 3600 } : each;
    return { name, minimumTtl, rrsets: new Map() };
  });
  const server = createServer((request, response) => {
    void answered(request, response).catch((error: unknown) => {
      if (error instanceof Refusal) send(response, error.status, error.body, error.headers);
      else response.destroy();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  async function answered(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'fake'}`);
    const text = await textOf(request);
    authenticate(request.headers.authorization, token);
    const path = /^\/api\/v1((?:\/[^/]+)+)\/$/.exec(url.pathname)?.[1] ?? '';
    const [kind, name, list, more] = path.split('/').slice(1).map(decodeURIComponent);
    if (path === '/auth/account' && method === 'GET') {
      if (fake.policies.length > 0) throw forbidden();
      return send(response, 200, { domains_under_management: domains.length, limit_domains: 15 });
    }
    if (kind !== 'domains' || more !== undefined) throw notFound();
    if (name === undefined) return listDomains(url, response);
    const domain = domains.find((each) => each.name === name);
    if (domain === undefined) throw notFound();
    if (list === undefined && method === 'GET')
      return send(response, 200, { ...shownDomain(domain), keys: [] });
    if (list !== 'rrsets') throw notFound();
    if (method === 'GET') return listRRsets(domain, url, response);
    if (method !== 'POST' && method !== 'PATCH')
      throw new Refusal(405, { detail: `Method "${method}" not allowed.` });
    if (fake.writesLeft <= 0) throw throttled(fake.retryAfterSeconds);
    fake.writesLeft -= 1;
    if (request.headers['content-type'] !== 'application/json')
      throw new Refusal(415, { detail: 'Unsupported media type in request.' });
    const body: unknown = JSON.parse(text);
    writeBulk(domain, method, body, ({ subname, type }) => may(fake.policies, domain.name, subname, type));
    send(response, method === 'POST' ? 201 : 200, body);
  }

  function listDomains(url: URL, response: ServerResponse): void {
    const qname = url.searchParams.get('owns_qname');
    if (qname === null) return paged(domains.toReversed().map(shownDomain), url, response);
    const own = domains
      .filter(({ name }) => qname.length <= LONGEST_QNAME && `.${qname}`.endsWith(`.${name}`))
      .sort((a, b) => b.name.length - a.name.length);
    send(response, 200, own.slice(0, 1).map(shownDomain));
  }

  const domainOf = (name: string): Domain => {
    const found = domains.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no domain ${name}`);
    return found;
  };
  const fake: FakeDesec = {
    url: `http://127.0.0.1:${address.port}/api/v1`,
    token,
    policies: [],
    writesLeft: Infinity,
    retryAfterSeconds: 28_800,
    put(domain, rrset) {
      const records = rrset.records.map((each) => canonical(rrset.type, each));
      domainOf(domain).rrsets.set(keyOf(rrset), { ...rrset, records });
    },
    erase(domain, subname, type) {
      domainOf(domain).rrsets.delete(keyOf({ subname, type }));
    },
    records: (domain, subname, type) => domainOf(domain).rrsets.get(keyOf({ subname, type }))?.records ?? [],
    setMinimumTtl(domain, seconds) {
      domainOf(domain).minimumTtl = seconds;
    },
    snapshot: (domain) =>
      [...domainOf(domain).rrsets.values()]
        .flatMap((each) =>
          each.records.map((record) => `${nameOf(each, domain)} ${each.ttl} IN ${each.type} ${record}`),
        )
        .sort(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

function listRRsets({ name, rrsets }: Domain, url: URL, response: ServerResponse): void {
  const [subname, type] = ['subname', 'type'].map((field) => url.searchParams.get(field));
  const matching = [...rrsets.values()].filter(
    (each) => (subname === null || each.subname === subname) && (type === null || each.type === type),
  );
  const shown = matching.toReversed().map((each) => ({
    ...each,
    records: each.records.toReversed(),
    domain: name,
    name: nameOf(each, name),
    created: CREATED,
    touched: CREATED,
  }));
  paged(shown, url, response);
}

/** The newest first; the cursor is how many older ones are left. */
function paged(all: readonly unknown[], url: URL, response: ServerResponse): void {
  const link = (rel: string, cursor: string): string => {
    const to = new URL(url);
    to.searchParams.set('cursor', cursor);
    return `<${to.href}>; rel="${rel}"`;
  };
  const cursor = url.searchParams.get('cursor');
  if (all.length <= PAGE_SIZE) return send(response, 200, all);
  if (cursor === null)
    throw new Refusal(
      400,
      {
        detail: `Pagination required. You can query up to ${PAGE_SIZE} items at a time (${all.length} total). Please use the \`first\` page link (see Link header).`,
      },
      { link: link('first', '') },
    );
  const left = cursor === '' ? all.length : Number(Buffer.from(cursor, 'base64').toString().slice(2));
  const start = all.length - left;
  const older = left - PAGE_SIZE;
  const links = [
    link('first', ''),
    ...(start > 0 ? [link('prev', encoded(left + PAGE_SIZE))] : []),
    ...(older > 0 ? [link('next', encoded(older))] : []),
  ];
  send(response, 200, all.slice(start, start + PAGE_SIZE), { link: links.join(', ') });
}

function encoded(left: number): string {
  return Buffer.from(`p=${left}`).toString('base64');
}

function authenticate(header: string | undefined, token: string): void {
  const challenge = { 'www-authenticate': 'Token' };
  if (header === undefined)
    throw new Refusal(401, { detail: 'Authentication credentials were not provided.' }, challenge);
  if (header !== `Token ${token}`) throw new Refusal(401, { detail: 'Invalid token.' }, challenge);
}

/** The most specific policy decides: the domain before the subname before the type. */
function may(policies: readonly FakePolicy[], domain: string, subname: string, type: string): boolean {
  if (policies.length === 0) return true;
  const weight = (each: FakePolicy): number =>
    (each.domain === null ? 0 : 4) + (each.subname === null ? 0 : 2) + (each.type === null ? 0 : 1);
  const matching = policies.filter(
    (each) => fits(each.domain, domain) && fits(each.subname, subname) && fits(each.type, type),
  );
  return matching.sort((a, b) => weight(b) - weight(a))[0]?.perm_write ?? false;
}

function fits(wanted: string | null, value: string): boolean {
  return wanted === null || wanted === value;
}

function forbidden(): Refusal {
  return new Refusal(403, { detail: 'You do not have permission to perform this action.' });
}

function notFound(): Refusal {
  return new Refusal(404, { detail: 'Not found.' });
}

function throttled(seconds: number): Refusal {
  const detail = `Request was throttled. Expected available in ${seconds} seconds.`;
  return new Refusal(429, { detail }, { 'retry-after': String(seconds) });
}

function shownDomain({ name, minimumTtl }: Domain): Readonly<Record<string, unknown>> {
  return { name, minimum_ttl: minimumTtl, created: CREATED, published: CREATED, touched: CREATED };
}

function nameOf({ subname }: RRset, domain: string): string {
  return `${subname === '' ? '' : `${subname}.`}${domain}.`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
