import { setMaxListeners } from 'node:events';
import { createConnection as connect, type Socket } from 'node:net';
import { BACKOFF, DelegatedError, type Outcome, aborted } from '../../src/errors.ts';
import type { ServerAddress } from './options.ts';
import { uint16 } from './wire.ts';

export interface Connection {
  /**
   * One message over TCP and its reply. Messages in flight share one connection (RFC 7766 §6.2.1.1).
   * @param build makes the message for an id
   * @throws DelegatedError E_PROVIDER_UNAVAILABLE, E_PROVIDER_TIMEOUT, E_ABORTED
   */
  exchange(build: (id: number) => Buffer, write: boolean, signal: AbortSignal): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Milliseconds of idleness after which no write is entrusted to an open connection. Servers hang up on idle clients
 * (PowerDNS 4.7 after 5 s, Knot 3.2 after 10 s, BIND 9.18 after 30 s; verified 2026-11), and a write that crosses
 * the hang-up has an unknown outcome. A read is simply asked again.
 */
const WRITE_IDLE_MS = 2000;

export function createConnection(server: ServerAddress, timeoutMs: number): Connection {
  let current: Link | null = null;

  function link(write: boolean): Link {
    if (current !== null && current.usable(write ? WRITE_IDLE_MS : Infinity)) return current;
    current?.release();
    current = openLink(server, timeoutMs);
    return current;
  }

  return {
    async exchange(build, write, signal) {
      const first = link(write);
      const reused = first.answered();
      try {
        return await first.ask(build, write, signal);
      } catch (error) {
        if (write || !reused || !first.hungUp() || signal.aborted) throw error;
        return link(write).ask(build, write, signal);
      }
    },
    async close() {
      const last = current;
      current = null;
      await last?.close();
    },
  };
}

interface Link {
  ask(build: (id: number) => Buffer, write: boolean, signal: AbortSignal): Promise<Buffer>;
  usable(maxIdleMs: number): boolean;
  /** True once the server answered anything on it. */
  answered(): boolean;
  /** True when the server, not we, ended it. */
  hungUp(): boolean;
  /** Ends it as soon as nothing is in flight. */
  release(): void;
  close(): Promise<void>;
}

interface Waiter {
  readonly write: boolean;
  readonly resolve: (reply: Buffer) => void;
  readonly reject: (error: DelegatedError) => void;
}

function openLink(server: ServerAddress, timeoutMs: number): Link {
  const where = `${server.host}:${server.port}`;
  const waiting = new Map<number, Waiter>();
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let connected = false;
  let answers = 0;
  let ended: 'by-us' | 'by-server' | null = null;
  let released = false;
  let idleSince = performance.now();
  let lastId = 0;

  const end = (by: 'by-us' | 'by-server'): void => {
    ended ??= by;
    socket.destroy();
  };
  const settle = (id: number): Waiter | undefined => {
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (waiting.size > 0) return waiter;
    idleSince = performance.now();
    // An idle connection must not keep the process alive.
    socket.unref();
    if (released) end('by-us');
    return waiter;
  };
  const failAll = (cause: Error | undefined): void => {
    ended ??= 'by-server';
    for (const [id, waiter] of waiting) {
      settle(id);
      waiter.reject(lost(where, connected && waiter.write, connected, cause));
    }
  };

  let failure: Error | undefined;
  socket.once('connect', () => (connected = true));
  socket.on('error', (error) => (failure = error));
  socket.once('end', () => end('by-server'));
  socket.once('close', () => failAll(failure));
  readFrames(socket, (reply) => {
    answers += 1;
    settle(reply.readUInt16BE(0))?.resolve(reply);
  });

  return {
    ask(build, write, signal) {
      if (signal.aborted) return Promise.reject(aborted(signal));
      return new Promise((resolve, reject) => {
        do lastId = (lastId + 1) % 0x10000;
        while (waiting.has(lastId));
        const id = lastId;
        const giveUp = (error: DelegatedError): void => {
          settle(id)?.reject(error);
          // Whoever does not answer one question in time is not asked another on the same connection.
          released = true;
          if (waiting.size === 0) end('by-us');
        };
        const onAbort = (): void => giveUp(aborted(signal));
        const timer = setTimeout(() => giveUp(late(where, timeoutMs, write, connected)), timeoutMs);
        // Many questions wait on one signal; that is no leak.
        setMaxListeners(0, signal);
        signal.addEventListener('abort', onAbort, { once: true });
        const done = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
        };
        waiting.set(id, {
          write,
          resolve: (reply) => (done(), resolve(reply)),
          reject: (error) => (done(), reject(error)),
        });
        socket.ref();
        const message = build(id);
        socket.write(Buffer.concat([uint16(message.length), message]));
      });
    },
    usable: (maxIdleMs) =>
      ended === null && !released && (waiting.size > 0 || performance.now() - idleSince <= maxIdleMs),
    answered: () => answers > 0,
    hungUp: () => ended === 'by-server',
    release() {
      released = true;
      if (waiting.size === 0) end('by-us');
    },
    async close() {
      end('by-us');
      await closed;
    },
  };
}

/** RFC 1035 §4.2.2: two octets of length before each message. */
function readFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const length = rest.readUInt16BE(0);
      const frame = rest.subarray(2, 2 + length);
      rest = rest.subarray(2 + length);
      if (frame.length >= 12) onFrame(frame);
    }
  });
}

function lost(where: string, unknown: boolean, connected: boolean, cause: Error | undefined): DelegatedError {
  const outcome: Outcome = unknown ? 'unknown' : 'not-applied';
  const why = connected ? 'hung up before it answered' : `cannot be reached${reason(cause)}`;
  return new DelegatedError('E_PROVIDER_UNAVAILABLE', `the name server ${where} ${why}`, {
    hint: 'is it running, does it listen on TCP there, and does a firewall let us through?',
    retry: BACKOFF,
    outcome,
    cause,
  });
}

function late(where: string, timeoutMs: number, write: boolean, connected: boolean): DelegatedError {
  const seconds = timeoutMs / 1000;
  if (!connected) return lost(where, false, false, new Error(`no connection within ${seconds} s`));
  return new DelegatedError(
    'E_PROVIDER_TIMEOUT',
    `the name server ${where} did not answer within ${seconds} s`,
    {
      hint: 'see the log of the name server; the next run reads the records again before it writes',
      retry: BACKOFF,
      outcome: write ? 'unknown' : 'not-applied',
    },
  );
}

function reason(cause: Error | undefined): string {
  if (cause === undefined) return '';
  return ` (${'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message})`;
}
