import { setMaxListeners } from 'node:events';
import { type Socket, createConnection as connect } from 'node:net';
import { BACKOFF, DelegatedError, type Outcome, aborted } from '../../src/errors.ts';
import type { ServerAddress } from './options.ts';
import { uint16 } from './wire.ts';

/** One TCP connection, from its opening to its end. */
export interface Link {
  /** @throws DelegatedError E_PROVIDER_UNAVAILABLE, E_PROVIDER_TIMEOUT, E_ABORTED */
  ask(question: Question, signal: AbortSignal): Promise<Buffer>;
  usable(maxIdleMs: number): boolean;
  /** True once the server answered anything on it. */
  answered(): boolean;
  /** True when the server, not we, ended it. */
  hungUp(): boolean;
  /** Ends it as soon as nothing is in flight. */
  release(): void;
  close(): Promise<void>;
}

export interface Question {
  /** Makes the message for an id, at the moment when it is sent. */
  readonly build: (id: number) => Buffer;
  readonly write: boolean;
}

interface Waiter extends Question {
  readonly resolve: (reply: Buffer) => void;
  readonly reject: (error: DelegatedError) => void;
}

export function openLink(server: ServerAddress, timeoutMs: number): Link {
  const where = `${server.host}:${server.port}`;
  const waiting = new Map<number, Waiter>();
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let connected = false;
  let answers = 0;
  let ended: 'by-us' | 'by-server' | null = null;
  let released = false;
  let idleSince = performance.now();
  let failure: Error | undefined;
  let lastId = 0;

  const end = (by: 'by-us' | 'by-server'): void => {
    ended ??= by;
    socket.destroy();
  };
  const release = (): void => {
    released = true;
    if (waiting.size === 0) end('by-us');
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
  const giveUp = (id: number, error: DelegatedError): void => {
    settle(id)?.reject(error);
    // Whoever does not answer one question in time is not asked another on the same connection.
    release();
  };
  const send = (id: number, { build }: Question): void => {
    const message = build(id);
    socket.write(Buffer.concat([uint16(message.length), message]));
  };
  const nextId = (): number => {
    do lastId = (lastId + 1) % 0x10000;
    while (waiting.has(lastId));
    return lastId;
  };

  socket.once('connect', () => {
    connected = true;
    // Not before: whoever has given up by now must not be heard.
    for (const [id, waiter] of waiting) send(id, waiter);
  });
  socket.on('error', (error) => (failure = error));
  socket.once('end', () => end('by-server'));
  socket.once('close', () => {
    ended ??= 'by-server';
    for (const id of waiting.keys()) {
      const waiter = settle(id);
      waiter?.reject(lost(where, connected && waiter.write, connected, failure));
    }
  });
  readFrames(socket, (reply) => {
    answers += 1;
    settle(reply.readUInt16BE(0))?.resolve(reply);
  });

  return {
    ask(question, signal) {
      if (signal.aborted) return Promise.reject(aborted(signal));
      return new Promise((resolve, reject) => {
        const id = nextId();
        const done = watch(signal, timeoutMs, (why) =>
          giveUp(id, why === 'abort' ? aborted(signal) : late(where, timeoutMs, question.write, connected)),
        );
        waiting.set(id, {
          ...question,
          resolve: (reply) => (done(), resolve(reply)),
          reject: (error) => (done(), reject(error)),
        });
        socket.ref();
        if (connected) send(id, question);
      });
    },
    usable: (maxIdleMs) =>
      ended === null && !released && (waiting.size > 0 || performance.now() - idleSince <= maxIdleMs),
    answered: () => answers > 0,
    hungUp: () => ended === 'by-server',
    release,
    async close() {
      end('by-us');
      await closed;
    },
  };
}

/** Calls back when the signal fires or the time is over, until the returned function is called. */
function watch(
  signal: AbortSignal,
  timeoutMs: number,
  giveUp: (why: 'abort' | 'timeout') => void,
): () => void {
  const onAbort = (): void => giveUp('abort');
  const timer = setTimeout(() => giveUp('timeout'), timeoutMs);
  // Many questions wait on one signal; that is no leak.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
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
