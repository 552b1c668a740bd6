import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** What becomes of the server's answers. */
export type RelayMode =
  | { readonly kind: 'pass' }
  /** Octet by octet. */
  | { readonly kind: 'dribble' }
  /** They are lost, the connection stays. */
  | { readonly kind: 'swallow' }
  /** The connection ends instead. */
  | { readonly kind: 'cut' }
  /** Somebody on the way rewrites them. */
  | { readonly kind: 'rewrite'; readonly rewrite: (answer: Buffer) => Buffer };

export interface TcpRelay {
  readonly port: number;
  mode: RelayMode;
  /** Connections that were opened so far. */
  connections(): number;
  /** What the client sent so far, chunk by chunk. */
  sent(): readonly Buffer[];
  /** Ends every connection, as a server that is tired of idle clients. */
  hangUp(): Promise<void>;
  stop(): Promise<void>;
}

/** Stands between a client and a real server on loopback. */
export async function startTcpRelay(upstreamPort: number): Promise<TcpRelay> {
  const clients = new Set<Socket>();
  const chunks: Buffer[] = [];
  let opened = 0;
  const server = createServer({ noDelay: true }, (client) => {
    opened += 1;
    clients.add(client);
    const upstream = connect(upstreamPort, '127.0.0.1');
    client.on('error', () => undefined).on('close', () => (clients.delete(client), upstream.destroy()));
    upstream.on('error', () => undefined).on('close', () => client.end());
    client.on('data', (chunk: Buffer) => (chunks.push(chunk), upstream.write(chunk)));
    upstream.on('data', (answer: Buffer) => {
      if (relay.mode.kind === 'cut') client.destroy();
      else if (relay.mode.kind === 'rewrite') client.write(relay.mode.rewrite(answer));
      else if (relay.mode.kind === 'pass') client.write(answer);
      else if (relay.mode.kind === 'dribble') for (const octet of answer) client.write(Buffer.of(octet));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const relay: TcpRelay = {
    port: address.port,
    mode: { kind: 'pass' },
    connections: () => opened,
    sent: () => chunks,
    async hangUp() {
      await Promise.all([...clients].map((client) => (client.end(), once(client, 'close'))));
    },
    async stop() {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return relay;
}
