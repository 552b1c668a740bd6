/**
 * Plays the DNS part of the Hetzner Cloud API: https://docs.hetzner.cloud/reference/cloud#zones, #zone-rrsets and
 * #errors, with the requests of Hetzner's own Go client (2026-11). Refuses what breaks those pages' rules.
 */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import {
  type Body,
  type FakeRecord,
  Refusal,
  type ZoneState,
  absent,
  add,
  checkedRecords,
  checkedTtl,
  create,
  invalid,
  known,
  remove,
} from './hetzner-rules.ts';

export interface FakeZone {
  readonly name: string;
  readonly mode?: 'primary' | 'secondary';
  readonly ttl?: number;
}

export interface FakeHetzner {
  readonly url: string;
  readonly token: string;
  /** `example.test./www/TXT` → what stands there; without a TTL it is the zone's. */
  put(zone: string, name: string, type: string, ttl: number | null, records: readonly FakeRecord[]): void;
  erase(zone: string, name: string, type: string): void;
  records(zone: string, name: string, type: string): readonly FakeRecord[];
  /** `NAME TTL IN TYPE RDATA`, sorted. */
  snapshot(zone: string): string[];
  /** Set: each action that starts from now on ends with this error. */
  actionError: { readonly code: string; readonly message: string } | null;
  /** How often an action that starts from now on is still running when it is asked for. */
  polls: number;
  stop(): Promise<void>;
}

const MOST_PER_PAGE = 50;
const HOURLY = 3600;
export async function startFakeHetzner(zones: readonly FakeZone[]): Promise<FakeHetzner> {
  const token = 'canary-token-of-the-hetzner-project';
  const states = zones.map(({ name, mode = 'primary', ttl = 3600 }, index): ZoneState => ({
    id: 1001 + index,
    name,
    mode,
    ttl,
    rrsets: new Map(),
  }));
  /** How often each action is still seen running. */
  const actions = new Map<number, { left: number; readonly error: unknown }>();

  const server = createServer((request, response) => {
    void answered(request, response).catch((error: unknown) => {
      if (!(error instanceof Refusal)) response.destroy();
      else
        send(response, error.status, { error: { code: error.code, message: error.message, details: null } });
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  async function answered(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const body = await bodyOf(request);
    if (request.headers.authorization !== `Bearer ${token}`)
      throw new Refusal(401, 'unauthorized', 'unable to authenticate');
    const [kind, id = '', list, name = '', type = '', more, verb = ''] = url.pathname
      .split('/')
      .slice(1)
      .map(decodeURIComponent);
    const { method = 'GET' } = request;
    if (kind === 'actions' && method === 'GET') return send(response, 200, { action: actionOf(Number(id)) });
    if (kind !== 'zones') throw new Refusal(404, 'not_found', 'path not found');
    if (id === '') return send(response, 200, page(url, 'zones', states.filter(named(url)).map(shownZone)));
    const zone = states.find((each) => String(each.id) === id || each.name === id);
    if (zone === undefined) throw new Refusal(404, 'not_found', `zone with ID '${id}' not found`);
    if (list === undefined && method === 'GET') return send(response, 200, { zone: shownZone(zone) });
    if (list !== 'rrsets') throw new Refusal(404, 'not_found', 'path not found');
    if (method === 'GET' && name === '')
      return send(response, 200, page(url, 'rrsets', [...zone.rrsets.values()].filter(named(url))));
    if (zone.mode !== 'primary')
      throw new Refusal(422, 'incorrect_zone_mode', 'the zone is not in primary mode');
    if (method === 'POST' && name === '') {
      create(zone, body);
      return send(response, 201, {
        rrset: zone.rrsets.get(`${String(body['name'])}/${String(body['type'])}`),
        action: start(),
      });
    }
    const key = `${name}/${type}`;
    const found = zone.rrsets.get(key);
    if (method === 'DELETE' && more === undefined) {
      if (found === undefined) throw absent(key);
      zone.rrsets.delete(key);
      return send(response, 200, { action: start() });
    }
    if (method !== 'POST' || more !== 'actions') throw new Refusal(404, 'not_found', 'path not found');
    if (verb === 'add_records') add(zone, name, type, body);
    else if (found === undefined) throw absent(key);
    else if (verb === 'remove_records') remove(zone, found, body);
    else if (verb === 'set_records') {
      known(body, ['records']);
      zone.rrsets.set(key, { ...found, records: checkedRecords(type, body['records']) });
    } else if (verb === 'change_ttl') {
      known(body, ['ttl']);
      zone.rrsets.set(key, { ...found, ttl: checkedTtl(body['ttl']) });
    } else throw new Refusal(404, 'not_found', 'path not found');
    send(response, 201, { action: start() });
  }

  function start(): unknown {
    const id = 5001 + actions.size;
    actions.set(id, { left: fake.polls, error: fake.actionError });
    return shownAction(id, 'running', null);
  }

  function actionOf(id: number): unknown {
    const action = actions.get(id);
    if (action === undefined) throw new Refusal(404, 'not_found', `action with ID '${id}' not found`);
    action.left -= 1;
    if (action.left >= 0) return shownAction(id, 'running', null);
    return shownAction(id, action.error === null ? 'success' : 'error', action.error);
  }

  const stateOf = (name: string): ZoneState => {
    const found = states.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no zone ${name}`);
    return found;
  };
  const fake: FakeHetzner = {
    url: `http://127.0.0.1:${address.port}`,
    token,
    actionError: null,
    polls: 0,
    put(zone, name, type, ttl, records) {
      stateOf(zone).rrsets.set(`${name}/${type}`, { name, type, ttl, records });
    },
    erase(zone, name, type) {
      stateOf(zone).rrsets.delete(`${name}/${type}`);
    },
    records: (zone, name, type) => stateOf(zone).rrsets.get(`${name}/${type}`)?.records ?? [],
    snapshot(zone) {
      const { ttl, rrsets } = stateOf(zone);
      return [...rrsets.values()]
        .flatMap((rrset) =>
          rrset.records.map(
            ({ value }) =>
              `${rrset.name === '@' ? '' : `${rrset.name}.`}${zone}. ${rrset.ttl ?? ttl} IN ${rrset.type} ${value}`,
          ),
        )
        .sort();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

function named(url: URL): (each: { readonly name: string }) => boolean {
  const name = url.searchParams.get('name');
  return (each) => name === null || each.name === name;
}

function page(url: URL, key: string, all: readonly unknown[]): unknown {
  const at = Number(url.searchParams.get('page') ?? 1);
  const size = Number(url.searchParams.get('per_page') ?? 25);
  if (!(size >= 1 && size <= MOST_PER_PAGE)) throw invalid('per_page must be between 1 and 50');
  const last = Math.max(1, Math.ceil(all.length / size));
  const pagination = {
    page: at,
    per_page: size,
    previous_page: at > 1 ? at - 1 : null,
    next_page: at < last ? at + 1 : null,
    last_page: last,
    total_entries: all.length,
  };
  return { [key]: all.slice((at - 1) * size, at * size), meta: { pagination } };
}

function shownZone({ id, name, mode, ttl }: ZoneState): unknown {
  return { id, name, mode, ttl, status: 'ok' };
}

function shownAction(id: number, status: string, error: unknown): unknown {
  return { id, command: 'set_rrset_records', status, progress: status === 'running' ? 0 : 100, error };
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  if (chunks.length === 0) return {};
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if (typeof body !== 'object' || body === null) throw new Refusal(400, 'json_error', 'invalid JSON');
  return { ...body };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'ratelimit-limit': String(HOURLY),
      'ratelimit-remaining': String(HOURLY - 1),
      'ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 1),
    })
    .end(JSON.stringify(body));
}
