/**
 * Google Cloud DNS, REST v1, and the token exchange of workload identity federation before it, after
 * https://docs.cloud.google.com/dns/docs/reference/v1 and https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1
 * (2026-11); the words of its errors are those that users of Terraform and external-dns report.
 */
import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from './google-refusal.ts';
import { type FakeZone, type StoredRRset, changeZone, invalid, keyOf } from './google-zone.ts';

export interface FakeGoogle {
  readonly url: string;
  readonly project: string;
  /** What a machine of ours shows to get an access token, and the token that it gets. */
  readonly subjectToken: string;
  accessToken: string;
  /** Access tokens that were given out. */
  readonly exchanges: number;
  /** What may be done, by everybody who has a token. */
  granted: ReadonlySet<string>;
  /** Whether it refuses to say what may be done. */
  hidesRights: boolean;
  /** How often a change is looked at until it is done. */
  pendingPolls: number;
  zone(name: string): FakeZone;
  addZone(zone: Pick<FakeZone, 'name' | 'dnsName'> & Partial<FakeZone>): FakeZone;
  /** Runs before each change is made, as another writer would. */
  beforeChange: () => void;
  stop(): Promise<void>;
}

const DEFAULT_PAGE = 100;
const MOST_PAGE = 1_000;
const EVERYTHING = new Set([
  'dns.changes.create',
  'dns.changes.get',
  'dns.managedZones.get',
  'dns.managedZones.list',
  'dns.resourceRecordSets.create',
  'dns.resourceRecordSets.delete',
  'dns.resourceRecordSets.get',
  'dns.resourceRecordSets.list',
  'dns.resourceRecordSets.update',
]);

interface Asked {
  readonly method: string;
  /** After the project. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

export async function startFakeGoogle(): Promise<FakeGoogle> {
  const zones: FakeZone[] = [];
  const sockets = new Set<Socket>();
  let exchanges = 0;

  const server = createServer((request, response) => {
    void answered(request).then(
      (answer) => response.writeHead(200, JSON_TYPE).end(JSON.stringify(answer)),
      (error: unknown) => {
        if (error instanceof Refusal) response.writeHead(error.status, JSON_TYPE).end(error.body());
        else response.writeHead(500, { 'content-type': 'text/html' }).end(String(error));
      },
    );
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  async function answered(request: IncomingMessage): Promise<object> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString();
    const { pathname, searchParams: query } = new URL(request.url ?? '/', fake.url);
    if (pathname === '/v1/token') return exchanged(body);
    if (request.headers.authorization !== `Bearer ${fake.accessToken}`)
      throw new Refusal(401, 'authError', 'Invalid Credentials');
    const root = `/dns/v1/projects/${fake.project}/`;
    if (!pathname.startsWith(root)) throw new Refusal(403, 'forbidden', 'Forbidden');
    const { method = 'GET' } = request;
    if (method === 'POST' && request.headers['content-type'] !== 'application/json')
      throw new Refusal(400, 'parseError', 'Parse Error');
    return served({ method, path: decodeURIComponent(pathname.slice(root.length)), query, body });
  }

  function exchanged(body: string): object {
    const form = new URLSearchParams(body);
    if (
      form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange' ||
      form.get('subject_token') !== fake.subjectToken
    )
      throw new OAuthRefusal('invalid_grant', 'The given token cannot be exchanged.');
    exchanges += 1;
    return {
      access_token: fake.accessToken,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    };
  }

  function served(asked: Asked): object {
    const { method, path, query } = asked;
    const [, id = '', rest = ''] = /^managedZones(?:\/([^/:]+))?(?:[/:](.*))?$/.exec(path) ?? [];
    if (!path.startsWith('managedZones')) throw new Refusal(404, 'notFound', 'Not Found');
    if (id === '') return listed(query);
    const zone = zones.find((each) => each.name === id || each.id === id);
    if (rest === 'testIamPermissions') return tested(zone, asked);
    if (zone === undefined)
      throw new Refusal(
        404,
        'notFound',
        `The 'parameters.managedZone' resource named '${id}' does not exist.`,
      );
    if (method === 'GET' && rest === '') return may('dns.managedZones.get', () => shown(zone));
    if (method === 'GET' && rest === 'rrsets')
      return may('dns.resourceRecordSets.list', () => rrsets(zone, query));
    if (method === 'POST' && rest === 'changes')
      return may('dns.changes.create', () => changed(zone, asked.body));
    const change = /^changes\/([^/]+)$/.exec(rest)?.[1];
    if (method === 'GET' && change !== undefined) return may('dns.changes.get', () => looked(zone, change));
    throw new Refusal(404, 'notFound', 'Not Found');
  }

  function may<T>(permission: string, work: () => T): T {
    if (!fake.granted.has(permission)) throw new Refusal(403, 'forbidden', 'Forbidden');
    return work();
  }

  function listed(query: URLSearchParams): object {
    const dnsName = query.get('dnsName');
    if (dnsName !== null && !dnsName.endsWith('.')) throw invalid('parameters.dnsName', dnsName);
    return may('dns.managedZones.list', () =>
      page(
        'managedZones',
        zones.filter((zone) => dnsName === null || zone.dnsName === dnsName).map(shown),
        query,
      ),
    );
  }

  function changed(zone: FakeZone, body: string): object {
    fake.beforeChange();
    changeZone(zone, JSON.parse(body));
    const change = { id: String(zone.changes.length + 1), polls: 0 };
    zone.changes.push(change);
    return { kind: 'dns#change', id: change.id, status: 'pending' };
  }

  function looked(zone: FakeZone, id: string): object {
    const change = zone.changes.find((each) => each.id === id);
    if (change === undefined)
      throw new Refusal(404, 'notFound', `The 'parameters.changeId' resource named '${id}' does not exist.`);
    change.polls += 1;
    return { kind: 'dns#change', id, status: change.polls > fake.pendingPolls ? 'done' : 'pending' };
  }

  function tested(zone: FakeZone | undefined, { method, body }: Asked): object {
    const { permissions }: { permissions?: unknown } = JSON.parse(body);
    if (method !== 'POST' || !Array.isArray(permissions)) throw invalid('permissions', permissions);
    if (fake.hidesRights) throw new Refusal(403, 'forbidden', 'Forbidden');
    // A zone that is not there is no error here.
    const held =
      zone === undefined
        ? []
        : permissions.filter((each) => typeof each === 'string' && fake.granted.has(each));
    return held.length === 0 ? {} : { permissions: held };
  }

  const fake: FakeGoogle = {
    url: `http://127.0.0.1:${address.port}`,
    project: 'my-project-1234',
    subjectToken: 'subject-token-of-this-machine',
    accessToken: 'ya29.access-token-of-the-fake',
    get exchanges() {
      return exchanges;
    },
    granted: EVERYTHING,
    hidesRights: false,
    pendingPolls: 1,
    beforeChange: () => undefined,
    zone(name) {
      const zone = zones.find((each) => each.name === name);
      if (zone === undefined) throw new Error(`no zone ${name}`);
      return zone;
    },
    addZone(given) {
      const id = String(1_000_000_000 + zones.length);
      const zone: FakeZone = { id, visibility: 'public', rrsets: new Map(), changes: [], ...given };
      store(zone, zone.dnsName, 'NS', 21_600, ['ns-cloud-a1.googledomains.com.']);
      store(zone, zone.dnsName, 'SOA', 21_600, ['ns-cloud-a1.googledomains.com. h. 1 21600 3600 259200 300']);
      zones.push(zone);
      return zone;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

const JSON_TYPE = { 'content-type': 'application/json; charset=UTF-8' };

/** RFC 6749 §5.2. */
class OAuthRefusal extends Refusal {
  override body(): string {
    return JSON.stringify({ error: this.reason, error_description: this.message });
  }

  constructor(error: string, description: string) {
    super(400, error, description);
  }
}

/** Another writer's hand: whatever was there. */
export function store(
  zone: FakeZone,
  name: string,
  type: string,
  ttl: number,
  rrdatas: readonly string[],
): void {
  const rrset: StoredRRset = { kind: 'dns#resourceRecordSet', name, type, ttl, rrdatas };
  zone.rrsets.set(keyOf(rrset), rrset);
}

function rrsets(zone: FakeZone, query: URLSearchParams): object {
  const [name, type] = [query.get('name'), query.get('type')];
  if (name !== null && !name.endsWith('.')) throw invalid('parameters.name', name);
  if (type !== null && name === null) throw invalid('parameters.type', type);
  const found = [...zone.rrsets.values()].filter(
    (each) => (name === null || each.name === name) && (type === null || each.type === type),
  );
  return page('rrsets', found, query);
}

function shown({ name, id, dnsName, visibility, forwardingConfig, peeringConfig }: FakeZone): object {
  return { kind: 'dns#managedZone', name, id, dnsName, visibility, forwardingConfig, peeringConfig };
}

function page(field: string, all: readonly object[], query: URLSearchParams): object {
  const asked = query.get('maxResults');
  if (asked !== null && !/^[1-9]\d*$/.test(asked)) throw invalid('parameters.maxResults', asked);
  const token = query.get('pageToken');
  if (token !== null && !/^after-\d+$/.test(token)) throw invalid('parameters.pageToken', token);
  for (const key of query.keys())
    if (!['name', 'type', 'dnsName', 'maxResults', 'pageToken'].includes(key))
      throw new Refusal(400, 'badRequest', `Invalid JSON payload received. Unknown name "${key}"`);
  const size = Math.min(asked === null ? DEFAULT_PAGE : Number(asked), MOST_PAGE);
  const from = token === null ? 0 : Number(token.slice('after-'.length));
  const more = from + size < all.length ? { nextPageToken: `after-${from + size}` } : {};
  return { [field]: all.slice(from, from + size), ...more };
}
