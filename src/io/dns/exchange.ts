import { setMaxListeners } from 'node:events';
import { aborted } from '../../errors.ts';
import type { Endpoint } from '../../ports.ts';

/** One packet out, one usable packet back. */
export interface Exchange<T> {
  readonly server: Endpoint;
  readonly packet: Buffer;
  /** What these octets mean; null: not an answer to us, wait on. */
  readonly accept: (octets: Buffer) => T | null;
  /** Milliseconds until `Unanswered`. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Why there is no answer, as half a sentence: `connection refused`. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

interface Settling<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The frame of both transports: whatever ends the exchange first (an answer, the deadline, the signal) ends it once,
 * and `start`'s cleanup runs with it.
 */
export function exchanging<T>(
  { timeoutMs, signal }: Pick<Exchange<T>, 'timeoutMs' | 'signal'>,
  silence: () => string,
  start: (settling: Settling<T>) => () => void,
): Promise<T> {
  if (signal.aborted) return Promise.reject(aborted(signal));
  // Many questions at once share a signal, and each takes its listener away again.
  setMaxListeners(0, signal);
  return new Promise((resolve, reject) => {
    let cleanup: (() => void) | undefined;
    let settled = false;
    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      cleanup?.();
      finish();
    };
    const onAbort = () => settle(() => reject(aborted(signal)));
    const timer = setTimeout(() => settle(() => reject(new Unanswered(silence()))), timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    cleanup = start({
      resolve: (value) => settle(() => resolve(value)),
      reject: (error) => settle(() => reject(error)),
    });
    if (settled) cleanup();
  });
}

/** What the operating system said, in words that the operator of a name server knows. */
export function unansweredBecause(error: Error): Unanswered {
  const code = 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
      return new Unanswered('connection refused', { cause: error });
    case 'ECONNRESET':
    case 'EPIPE':
      return new Unanswered('the connection was reset', { cause: error });
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EADDRNOTAVAIL':
      return new Unanswered('there is no route to it', { cause: error });
    default:
      return new Unanswered(error.message, { cause: error });
  }
}
