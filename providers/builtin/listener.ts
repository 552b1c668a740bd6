import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { ListenAddress } from './options.ts';
import { createRateLimit } from './rate-limit.ts';
import { askOverTcp, type Transport } from './respond.ts';
import { serveConnection } from './tcp-connection.ts';

export interface Listener {
  /**
   * Binds every address over UDP and TCP, or none.
   * @throws the system's error, such as EADDRINUSE
   */
  open(): Promise<void>;
  close(): Promise<void>;
}

export type Respond = (octets: Buffer, transport: Transport) => Buffer | null;

interface Bound {
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 100;
const RATE = { perSecond: 100, burst: 200, networks: 10_000 };

export function createListener(addresses: readonly ListenAddress[], respond: Respond): Listener {
  let bound: Bound[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(bound.splice(0).map((each) => each.close()));
  };
  return {
    async open() {
      try {
        for (const address of addresses) {
          bound.push(await openUdp(address, respond));
          bound.push(await openTcp(address, respond));
        }
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}

async function openUdp({ address, port }: ListenAddress, respond: Respond): Promise<Bound> {
  // With ipv6Only, [::]:53 and 0.0.0.0:53 can both be had.
  const socket = createSocket(address.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
  try {
    socket.bind({ port, address });
    await once(socket, 'listening');
  } catch (error) {
    socket.close();
    throw error;
  }
  const verdict = createRateLimit(RATE);
  // A send that fails is a lost packet, which every client of UDP knows what to do about.
  socket.on('error', () => undefined);
  socket.on('message', (octets, from) => {
    const judged = verdict(from.address, performance.now());
    if (judged === 'drop') return;
    const answer = judged === 'answer' ? respond(octets, 'udp') : askOverTcp(octets);
    if (answer !== null) socket.send(answer, from.port, from.address, () => undefined);
  });
  socket.unref();
  return { close: () => closeUdp(socket) };
}

async function openTcp({ address, port }: ListenAddress, respond: Respond): Promise<Bound> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveConnection(socket, (octets) => respond(octets, 'tcp'));
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ port, host: address, ipv6Only: true });
  await once(server, 'listening');
  server.on('error', () => undefined);
  server.unref();
  return {
    async close() {
      for (const socket of connections) socket.destroy();
      await closeTcp(server);
    },
  };
}

async function closeUdp(socket: UdpSocket): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

async function closeTcp(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
}
