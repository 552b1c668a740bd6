/**
 * A server as https://go-acme.github.io/lego/dns/httpreq/ describes it (2026-11): POST /present and POST /cleanup, the
 * default mode, basic authentication. It refuses everything that lego would not send.
 */
import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { txtText } from '../../src/dns/rrset.ts';

const message = z.strictObject({
  fqdn: z.string().regex(/^(?:[a-z0-9_-]{1,63}\.)+$/),
  value: z.string(),
});

export interface FakeHttpreq {
  readonly url: string;
  /** `NAME TTL IN TXT RDATA`, sorted. */
  snapshot(): string[];
  /** Another writer's hand: these values and no others. */
  write(name: string, values: readonly string[]): void;
  stop(): Promise<void>;
}

export interface FakeHttpreqOptions {
  /** With the last dot. */
  readonly zone: string;
  readonly username: string;
  readonly password: string;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export async function startFakeHttpreq({
  zone,
  username,
  password,
}: FakeHttpreqOptions): Promise<FakeHttpreq> {
  const stored = new Map<string, Set<string>>();
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

  async function answer(request: IncomingMessage): Promise<Answer> {
    const body = await text(request);
    if (request.headers.authorization !== expected)
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="dns"' }, body: 'Unauthorized\n' };
    const path = request.url ?? '';
    if (path !== '/present' && path !== '/cleanup') return { status: 404, body: '404 page not found\n' };
    if (request.method !== 'POST')
      return { status: 405, headers: { allow: 'POST' }, body: 'Method Not Allowed\n' };
    if (request.headers['content-type'] !== 'application/json') return { status: 415, body: 'no JSON\n' };
    const parsed = message.safeParse(json(body));
    if (!parsed.success) return { status: 400, body: 'expected fqdn and value\n' };
    const { fqdn, value } = parsed.data;
    if (fqdn !== zone && !fqdn.endsWith(`.${zone}`)) return { status: 403, body: 'not your zone\n' };
    const values = stored.get(fqdn) ?? new Set();
    stored.set(fqdn, values);
    if (path === '/present') values.add(value);
    else values.delete(value);
    // lego looks at the status only, and so servers answer as they like.
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'done\n' };
  }

  const server = createServer((request, response) => {
    void answer(request).then(({ status, headers, body }) => response.writeHead(status, headers).end(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    snapshot: () =>
      [...stored]
        .flatMap(([name, values]) => [...values].map((value) => `${name} 60 IN TXT ${txtText(value)}`))
        .sort(),
    write: (name, values) => void stored.set(name, new Set(values)),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
