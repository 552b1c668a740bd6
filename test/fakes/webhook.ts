/**
 * A webhook of external-dns: what a request has to look like follows the server of the IONOS webhook, which most others
 * took for their mould (https://github.com/ionos-cloud/external-dns-ionos-webhook/blob/main/pkg/webhook/webhook.go), and
 * what a change has to be follows the provider `inmemory` of external-dns itself, only stricter: an endpoint that is
 * updated or deleted has to be said again to the letter
 * (https://github.com/kubernetes-sigs/external-dns/blob/master/provider/inmemory/inmemory.go). Both read 2026-11.
 */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';

const MEDIA_TYPE = 'application/external.dns.webhook+json;version=1';

const endpointShape = z.strictObject({
  dnsName: z.string().regex(/^(?!\.)(?:[a-z0-9_*-]{1,63}\.)*[a-z0-9_-]{1,63}$/),
  targets: z.array(z.string().min(1)).min(1),
  recordType: z.enum(['A', 'AAAA', 'CNAME', 'SRV', 'TXT']),
  setIdentifier: z.string().optional(),
  recordTTL: z.int().min(0).max(0x7fffffff).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  providerSpecific: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
});
export type FakeEndpoint = z.output<typeof endpointShape>;

const endpointList = z.array(endpointShape);
const changesShape = z
  .strictObject({
    create: endpointList.default([]),
    updateOld: endpointList.default([]),
    updateNew: endpointList.default([]),
    delete: endpointList.default([]),
  })
  .refine(({ updateOld, updateNew }) => updateOld.length === updateNew.length);

export interface FakeWebhookOptions {
  readonly zones: readonly string[];
  /** What `GET /` says; by default the zones. */
  readonly filter?: unknown;
  /** Where SRV records get lost, as they do in some. */
  readonly losesSrv?: 'adjusting' | 'writing' | 'reading';
  /** It takes a deletion and does not make it, as one whose policy is `upsert-only`. */
  readonly keepsAll?: boolean;
  /** How it writes TXT: in quotes as it came, or without them. */
  readonly txt?: 'quoted' | 'plain';
  /** One endpoint for each RRset, or for each record. */
  readonly per?: 'rrset' | 'record';
  /** TTLs below are raised by /adjustendpoints, and by a write. */
  readonly leastTtl?: number;
  /** Reads after a write that still show what was there before. */
  readonly staleReads?: number;
  /** The media type of its answers. */
  readonly mediaType?: string;
}

export interface FakeWebhook {
  readonly url: string;
  /** What is stored. The tests write to it as somebody else does. */
  endpoints: FakeEndpoint[];
  /** The bodies of what POST /records took. */
  readonly changes: readonly unknown[];
  stop(): Promise<void>;
}

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function startFakeWebhook(options: FakeWebhookOptions): Promise<FakeWebhook> {
  const changes: unknown[] = [];
  let stale: { left: number; readonly endpoints: readonly FakeEndpoint[] } = { left: 0, endpoints: [] };

  const routes: Readonly<Record<string, (body: unknown) => unknown>> = {
    'GET /': () => options.filter ?? { include: options.zones },
    'GET /records': () => {
      const current = stale.left > 0 ? stale.endpoints : fake.endpoints;
      stale = { ...stale, left: stale.left - 1 };
      return options.losesSrv === 'reading'
        ? current.filter(({ recordType }) => recordType !== 'SRV')
        : current;
    },
    'POST /adjustendpoints': (body) =>
      parsed(endpointList, body)
        .filter(({ recordType }) => options.losesSrv !== 'adjusting' || recordType !== 'SRV')
        .map(withLeastTtl),
    'POST /records': (body) => {
      const wanted = parsed(changesShape, body);
      const before = structuredClone(fake.endpoints);
      fake.endpoints = changed(fake.endpoints, wanted);
      stale = { left: options.staleReads ?? 0, endpoints: before };
      changes.push(body);
      return undefined;
    },
  };

  const withLeastTtl = (endpoint: FakeEndpoint): FakeEndpoint => ({
    ...endpoint,
    recordTTL: Math.max(endpoint.recordTTL ?? 0, options.leastTtl ?? 0),
  });

  function changed(stored: readonly FakeEndpoint[], wanted: z.output<typeof changesShape>): FakeEndpoint[] {
    const left = [...stored];
    for (const old of [...wanted.updateOld, ...(options.keepsAll === true ? [] : wanted.delete)]) {
      const at = left.findIndex((each) => isDeepStrictEqual(each, old));
      if (at === -1) throw new Refusal(500, 'record not found');
      left.splice(at, 1);
    }
    const kept = [...wanted.create, ...wanted.updateNew]
      .filter(({ recordType }) => options.losesSrv !== 'writing' || recordType !== 'SRV')
      .map(withLeastTtl)
      .flatMap((endpoint) =>
        options.per === 'record'
          ? endpoint.targets.map((target) => ({ ...endpoint, targets: [target] }))
          : [endpoint],
      )
      .map((endpoint) => (options.txt === 'plain' ? unquoted(endpoint) : endpoint));
    for (const endpoint of kept) {
      mustBeGood(endpoint, options.zones);
      const rivals = left.filter(({ dnsName }) => dnsName === endpoint.dnsName);
      if (rivals.some(({ recordType }) => (recordType === 'CNAME') !== (endpoint.recordType === 'CNAME')))
        throw new Refusal(500, 'a CNAME cannot stand beside others');
      const twin = rivals.find(
        ({ recordType, targets }) =>
          recordType === endpoint.recordType &&
          (options.per !== 'record' || isDeepStrictEqual(targets, endpoint.targets)),
      );
      if (twin !== undefined) throw new Refusal(500, 'record already exists');
      left.push(endpoint);
    }
    return left;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const route = routes[`${method} ${url}`];
    if (route === undefined) throw new Refusal(404, '404 page not found');
    if (method === 'POST') mustSay(request.headers['content-type'], 'a content type');
    if (method === 'GET' || url === '/adjustendpoints') mustSay(request.headers.accept, 'an accept header');
    const result = route(method === 'POST' ? await jsonOf(request) : undefined);
    if (result === undefined) return void response.writeHead(204).end();
    const head = { 'content-type': options.mediaType ?? MEDIA_TYPE, vary: 'Content-Type' };
    response.writeHead(200, head).end(JSON.stringify(result));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const status = error instanceof Refusal ? error.status : 500;
      response.writeHead(status, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const fake: FakeWebhook = {
    url: `http://127.0.0.1:${address.port}`,
    endpoints: [],
    changes,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

function mustSay(header: string | undefined, what: string): void {
  if (header === undefined || header === '*/*') throw new Refusal(406, `client must provide ${what}`);
  if (header !== MEDIA_TYPE)
    throw new Refusal(415, `client must provide a valid versioned media type in ${what}`);
}

function parsed<T>(shape: z.ZodType<T>, body: unknown): T {
  const result = shape.safeParse(body);
  if (result.success) return result.data;
  throw new Refusal(400, `error decoding changes: ${z.prettifyError(result.error)}`);
}

/** As external-dns itself validates SRV, and as vendors do TXT. */
function mustBeGood({ dnsName, recordType, targets }: FakeEndpoint, zones: readonly string[]): void {
  if (!zones.some((zone) => dnsName === zone || dnsName.endsWith(`.${zone}`)))
    throw new Refusal(500, `no zone for ${dnsName}`);
  if (new Set(targets).size !== targets.length) throw new Refusal(500, 'invalid batch request');
  for (const target of targets) {
    const numbers = recordType === 'SRV' ? /^(\d+) (\d+) (\d+) \S*\.$/.exec(target)?.slice(1) : [];
    if (numbers === undefined || numbers.some((number) => Number(number) > 65_535))
      throw new Refusal(500, `invalid SRV target ${target}`);
    const strings = [...target.matchAll(/"((?:[^"\\]|\\\d{3}|\\[^\d])*)"/g)];
    if (recordType === 'TXT' && target.startsWith('"')) {
      if (strings.map(([whole]) => whole).join(' ') !== target) throw new Refusal(500, 'invalid TXT target');
      if (strings.some(([, text = '']) => text.replace(/\\(?:\d{3}|.)/g, 'x').length > 255))
        throw new Refusal(500, 'a TXT string is longer than 255 octets');
    }
  }
}

function unquoted(endpoint: FakeEndpoint): FakeEndpoint {
  if (endpoint.recordType !== 'TXT') return endpoint;
  return { ...endpoint, targets: endpoint.targets.map((target) => target.replace(/^"|"$/g, '')) };
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Refusal(400, 'error decoding changes');
  }
}
