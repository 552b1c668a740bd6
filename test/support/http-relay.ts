import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';

/** What goes wrong with one request. */
export type HttpFault =
  /** An answer in the vendor's place; the request never gets there. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection breaks before the vendor sees the request, or after it did what was asked. */
  | { readonly kind: 'reset-before' | 'reset-after' }
  /** Nothing comes; or the head and half of the body, and then nothing. */
  | { readonly kind: 'stall' | 'stall-body' }
  /** The vendor does what was asked; half of its answer arrives, as if it were all. */
  | { readonly kind: 'truncate' };

export interface RelayedRequest {
  readonly method: string;
  readonly path: string;
}

export interface HttpRelay {
  readonly url: string;
  /** Asked for each request. Null: let it pass. */
  fault: (request: RelayedRequest) => HttpFault | null;
  /** What came so far. */
  readonly requests: readonly RelayedRequest[];
  stop(): Promise<void>;
}

/** Stands between an adapter and its vendor, or what plays the vendor. */
export async function startHttpRelay(upstream: string): Promise<HttpRelay> {
  const sockets = new Set<Socket>();
  const requests: RelayedRequest[] = [];
  const server = createServer((request, response) => {
    void relayed(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  async function relayed(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const body = await bodyOf(request);
    requests.push({ method, path });
    const fault = relay.fault({ method, path });
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'reset-before') return void response.destroy();
    if (fault?.kind === 'answer')
      return void response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
    const answer = await passedOn(upstream, request, body);
    if (fault?.kind === 'reset-after') return void response.destroy();
    const text = answer.text.subarray(0, fault === null ? undefined : Math.floor(answer.text.length / 2));
    response.writeHead(answer.status, answer.headers);
    if (fault?.kind === 'stall-body') return void response.write(text);
    response.end(text);
  }

  const relay: HttpRelay = {
    url: `http://127.0.0.1:${address.port}`,
    fault: () => null,
    requests,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return relay;
}

/** Headers that are about one connection only, or that fetch has undone already. */
const OWN_HEADERS = new Set([
  'connection',
  'host',
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'keep-alive',
]);

async function passedOn(
  upstream: string,
  { method = 'GET', url = '/', headers }: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; headers: Record<string, string>; text: Buffer }> {
  const sent = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    OWN_HEADERS.has(name) || value === undefined ? [] : [[name, String(value)]],
  );
  const answer = await fetch(new URL(url, upstream), {
    method,
    headers: sent,
    redirect: 'manual',
    ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
  });
  return {
    status: answer.status,
    headers: Object.fromEntries([...answer.headers].filter(([name]) => !OWN_HEADERS.has(name))),
    text: Buffer.from(await answer.arrayBuffer()),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
