import type { Socket } from 'node:net';

const IDLE_MS = 10_000;
const LENGTH_OCTETS = 2;

/**
 * Serves queries from one connection until the client ends it (RFC 7766). A client that sends no whole query for ten
 * seconds, byte by byte or not at all, is cut off; one that does not read its answers is not read from either.
 */
export function serveConnection(socket: Socket, respond: (octets: Buffer) => Buffer | null): void {
  let received = Buffer.alloc(0);
  let blocked = false;
  const idle = setTimeout(() => socket.destroy(), IDLE_MS);
  // Neither keeps a one-shot command from ending.
  idle.unref();
  socket.unref();

  const proceed = (): void => {
    for (let query = firstMessage(received); query !== null && !blocked; query = firstMessage(received)) {
      received = received.subarray(LENGTH_OCTETS + query.length);
      idle.refresh();
      const answer = respond(query);
      // What is no query over TCP is no client of ours.
      if (answer === null) {
        socket.destroy();
        return;
      }
      blocked = !socket.write(framed(answer));
    }
    if (blocked) socket.pause();
  };

  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    proceed();
  });
  socket.on('drain', () => {
    blocked = false;
    socket.resume();
    proceed();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(idle));
}

function firstMessage(received: Buffer): Buffer | null {
  if (received.length < LENGTH_OCTETS) return null;
  const end = LENGTH_OCTETS + received.readUInt16BE(0);
  return received.length < end ? null : received.subarray(LENGTH_OCTETS, end);
}

function framed(answer: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_OCTETS);
  length.writeUInt16BE(answer.length);
  return Buffer.concat([length, answer]);
}
