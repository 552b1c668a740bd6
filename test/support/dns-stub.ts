import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Question } from 'dns-packet';
import type { Endpoint } from '../../src/ports.ts';
import { freePort } from './free-port.ts';

export interface StubQuestion extends Question {
  readonly transport: 'udp' | 'tcp';
  /** Counts from 1, over both transports. */
  readonly attempt: number;
  readonly edns: boolean;
  readonly id: number;
  readonly flags: number;
  /** Where it came from. */
  readonly port: number;
}

export interface StubReply {
  /** Flags beside QR; default AA. The low four bits are the rcode. */
  readonly flags?: number;
  readonly answers?: Answer[];
  readonly authorities?: Answer[];
  readonly additionals?: Answer[];
  /** Instead of the question's. */
  readonly id?: number;
  /** Instead of the question that was asked. */
  readonly questions?: Question[];
  /** These octets instead of all of it. */
  readonly raw?: Buffer;
  /** Milliseconds before it is sent. */
  readonly lagMs?: number;
}

/** What to send back, in that order; nothing: stay silent; `close`: hang up (TCP). */
export type StubHandler = (question: StubQuestion) => StubReply | readonly StubReply[] | 'close' | null;

export interface DnsStub {
  readonly endpoint: Endpoint;
  readonly asked: readonly StubQuestion[];
  stop(): Promise<void>;
}

type Send = (octets: Buffer) => void;

/** A name server that says what the test wants, over UDP and TCP on one loopback port. */
export async function startDnsStub(handler: StubHandler, address = '127.0.0.1'): Promise<DnsStub> {
  const port = await freePort();
  const asked: StubQuestion[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const answer = (octets: Buffer, transport: 'udp' | 'tcp', from: number, send: Send): 'close' | null => {
    const question = readQuestion(octets, transport, asked.length + 1, from);
    asked.push(question);
    const replies = handler(question);
    if (replies === 'close' || replies === null) return replies;
    for (const reply of 'at' in replies ? replies : [replies]) {
      const packet = replyPacket(question, reply);
      if (reply.lagMs === undefined) send(packet);
      else timers.add(setTimeout(() => send(packet), reply.lagMs));
    }
    return null;
  };
  const udp = await listenUdp(port, address, answer);
  const tcp = await listenTcp(port, address, answer);
  return {
    endpoint: { address, port },
    asked,
    async stop() {
      for (const timer of timers) clearTimeout(timer);
      udp.close();
      for (const socket of tcp.sockets) socket.destroy();
      tcp.server.close();
      await once(tcp.server, 'close');
    },
  };
}

type AnswerOctets = (octets: Buffer, transport: 'udp' | 'tcp', from: number, send: Send) => 'close' | null;

async function listenUdp(port: number, address: string, answer: AnswerOctets): Promise<UdpSocket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (octets, from) => {
    answer(octets, 'udp', from.port, (packet) => socket.send(packet, from.port, from.address));
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}

async function listenTcp(port: number, address: string, answer: AnswerOctets) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const next = answer(received.subarray(2, end), 'tcp', socket.remotePort ?? 0, (packet) =>
          socket.write(Buffer.concat([lengthOf(packet), packet])),
        );
        if (next === 'close') socket.end();
        received = received.subarray(end);
      }
    });
  });
  await once(server.listen(port, address), 'listening');
  return { server, sockets };
}

function lengthOf(packet: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length);
  return length;
}

export function readQuestion(
  octets: Buffer,
  transport: 'udp' | 'tcp',
  attempt: number,
  port: number,
): StubQuestion {
  const message = decode(octets);
  const question = message.questions?.[0];
  if (question === undefined) throw new Error('a query without a question');
  const edns = (message.additionals ?? []).some((record) => record.type === 'OPT');
  return { ...question, transport, attempt, edns, id: message.id ?? 0, flags: message.flags ?? 0, port };
}

export function replyPacket(question: StubQuestion, reply: StubReply): Buffer {
  if (reply.raw !== undefined) return reply.raw;
  return encode({
    type: 'response',
    id: reply.id ?? question.id,
    flags: reply.flags ?? AUTHORITATIVE_ANSWER,
    questions: reply.questions ?? [{ name: question.name, type: question.type, class: 'IN' }],
    answers: reply.answers ?? [],
    authorities: reply.authorities ?? [],
    additionals: reply.additionals ?? [],
  });
}
