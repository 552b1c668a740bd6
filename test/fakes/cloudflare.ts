/**
 * Plays the Cloudflare API v4 for zones and DNS records, after https://developers.cloudflare.com/api/resources/dns/ and
 * /zones/ (2026-11) and error bodies as they are quoted in public issues. What it does not know it refuses, which is
 * stricter than Cloudflare is.
 */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { type FakeRecord, Refusal, applyBatch, seen } from './cloudflare-records.ts';

export interface FakeZone {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly status: string;
  readonly paused: boolean;
  readonly account: string;
  records: readonly FakeRecord[];
}

export interface FakeCloudflare {
  /** The origin; the API is below `/client/v4`. */
  readonly url: string;
  readonly zones: FakeZone[];
  /** What each token may: change DNS, or only look; which account it belongs to, where it is not a user's. */
  readonly tokens: Map<
    string,
    { readonly edit: boolean; readonly status?: string; readonly account?: string }
  >;
  readonly requests: { readonly line: string; readonly headers: IncomingMessage['headers'] }[];
  /** Of the 1,200 in five minutes. */
  left: number;
  /** Called before a batch is looked at: another writer's hand. */
  meanwhile: () => void;
  addZone(name: string, more?: Partial<Omit<FakeZone, 'name' | 'id'>>): FakeZone;
  stop(): Promise<void>;
}

const QUOTA = 1_200;
const WINDOW_S = 300;

export async function startFakeCloudflare(): Promise<FakeCloudflare> {
  const server = createServer((request, response) => {
    void serve(fake, request, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const fake: FakeCloudflare = {
    url: `http://127.0.0.1:${address.port}`,
    zones: [],
    tokens: new Map(),
    requests: [],
    left: QUOTA,
    meanwhile: () => undefined,
    addZone(name, more = {}) {
      const id = (fake.zones.length + 1).toString(16).padStart(32, 'a');
      const zone = {
        id,
        name,
        type: 'full',
        status: 'active',
        paused: false,
        account: ACCOUNT,
        records: [],
        ...more,
      };
      fake.zones.push(zone);
      return zone;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

export const ACCOUNT = 'c'.repeat(32);

async function serve(
  fake: FakeCloudflare,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  fake.requests.push({ line: `${method} ${url}`, headers });
  let status = 200;
  let body: unknown;
  const limits: Record<string, string> = {};
  try {
    if (fake.left === 0) {
      limits['retry-after'] = String(WINDOW_S);
      throw new Refusal(429, 971, 'Please wait and consider throttling your request speed');
    }
    fake.left -= 1;
    const at = new URL(url, fake.url);
    const token = authorized(fake, headers, at.pathname);
    const text = Buffer.concat(chunks).toString('utf8');
    if (text !== '' && headers['content-type'] !== 'application/json')
      throw new Refusal(400, 6003, 'Invalid request headers', [6105, 'Invalid Content-Type header']);
    body = { ...answer(fake, token, method, at, text), success: true, errors: [], messages: [] };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    ({ status } = error);
    body = { result: null, success: false, errors: [error.body()], messages: [] };
  }
  response.writeHead(status, {
    'content-type': 'application/json',
    ratelimit: `"default";r=${fake.left};t=${WINDOW_S}`,
    'ratelimit-policy': `"default";q=${QUOTA};w=${WINDOW_S}`,
    ...limits,
  });
  response.end(JSON.stringify(body));
}

interface Access {
  readonly edit: boolean;
  readonly status?: string;
  readonly account?: string;
}

function authorized(fake: FakeCloudflare, headers: IncomingMessage['headers'], path: string): Access {
  if (headers['x-auth-key'] !== undefined || headers['x-auth-email'] !== undefined)
    throw new Refusal(400, 6003, 'Invalid request headers', [6103, 'Invalid format for X-Auth-Key header']);
  const token = /^Bearer ([\w-]{40,})$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined)
    throw new Refusal(400, 6003, 'Invalid request headers', [
      6111,
      'Invalid format for Authorization header',
    ]);
  const access = fake.tokens.get(token);
  const verifies = /^\/client\/v4\/(?:user|accounts\/(\w+))\/tokens\/verify$/.exec(path);
  // The token of an account is verified there, and that of a user at the user.
  if (verifies !== null && access?.account !== verifies[1]) throw new Refusal(401, 1000, 'Invalid API Token');
  if (access === undefined)
    throw verifies === null
      ? new Refusal(403, 9109, 'Invalid access token')
      : new Refusal(401, 1000, 'Invalid API Token');
  if (verifies === null && (access.status ?? 'active') !== 'active')
    throw new Refusal(403, 9109, 'Invalid access token');
  return access;
}

function answer(
  fake: FakeCloudflare,
  token: Access,
  method: string,
  { pathname, searchParams }: URL,
  text: string,
): object {
  const route = /^\/client\/v4(\/.*)$/.exec(pathname)?.[1] ?? '';
  const [, id, rest = ''] = /^\/zones\/([^/]+)(\/.*)?$/.exec(route) ?? [];
  if (method === 'GET' && route.endsWith('/tokens/verify'))
    return { result: { id: 'd'.repeat(32), status: token.status ?? 'active' } };
  if (method === 'GET' && route === '/zones') {
    const query = parameters(searchParams, ['name', 'account.id', 'page', 'per_page']);
    const zones = fake.zones
      .filter(({ name }) => query.name === undefined || name === query.name)
      .filter(({ account }) => query['account.id'] === undefined || account === query['account.id']);
    return page(zones.map(shownZone), query, { fallback: 20, least: 5, most: 50 });
  }
  const zone = fake.zones.find((each) => each.id === id);
  if (zone === undefined || !['', '/dns_records', '/dns_records/batch'].includes(rest))
    throw new Refusal(
      404,
      7003,
      `Could not route to ${pathname}, perhaps your object identifier is invalid?`,
    );
  if (method === 'GET' && rest === '') return { result: shownZone(zone) };
  if (method === 'GET' && rest === '/dns_records') {
    const query = parameters(searchParams, ['name.exact', 'type', 'page', 'per_page']);
    const records = zone.records
      .filter(({ name }) => query['name.exact'] === undefined || name === query['name.exact'].toLowerCase())
      .filter(({ type }) => query.type === undefined || type === query.type);
    return page(records.map(seen), query, { fallback: 100, least: 1, most: 5_000_000 });
  }
  if (method !== 'POST' || rest !== '/dns_records/batch') throw new Refusal(405, 10405, 'Method not allowed');
  if (!token.edit) throw new Refusal(403, 10000, 'Authentication error');
  fake.meanwhile();
  const { records, result } = applyBatch(zone, text);
  zone.records = records;
  return { result };
}

function parameters<const Names extends string>(
  query: URLSearchParams,
  names: readonly Names[],
): { [Name in Names]?: string } {
  const known: { [Name in Names]?: string } = {};
  for (const name of names) {
    const value = query.get(name);
    if (value !== null) known[name] = value;
    query.delete(name);
  }
  const [unknown] = query.keys();
  if (unknown !== undefined) throw new Refusal(400, 1004, `unknown parameter ${unknown}`);
  return known;
}

function page(
  all: readonly object[],
  { page: asked = '1', per_page: size }: { readonly page?: string; readonly per_page?: string },
  limits: { readonly fallback: number; readonly least: number; readonly most: number },
): object {
  const [number, perPage] = [Number(asked), Number(size ?? limits.fallback)];
  if (!(number >= 1) || !(perPage >= limits.least && perPage <= limits.most))
    throw new Refusal(400, 1004, 'DNS Validation Error', [9207, 'page or per_page out of range']);
  const result = all.slice((number - 1) * perPage, number * perPage);
  const info = { page: number, per_page: perPage, count: result.length, total_count: all.length };
  return { result, result_info: { ...info, total_pages: Math.ceil(all.length / perPage) } };
}

function shownZone({ id, name, type, status, paused, account }: FakeZone): object {
  return {
    id,
    name,
    type,
    status,
    paused,
    account: { id: account, name: 'fake' },
    name_servers: ['a.ns.test', 'b.ns.test'],
  };
}
