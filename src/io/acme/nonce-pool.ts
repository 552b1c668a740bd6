import type { Clock } from '../../ports.ts';
import type { Answer } from './answer.ts';

export interface NoncePool {
  /** Keeps the nonce of an answer. */
  put(answer: Answer): void;
  /** Gives one away for good; the youngest, since CAs forget old ones. Undefined when there is none. */
  take(): string | undefined;
}

const MAX_AGE_MS = 5 * 60_000;
const MAX_SIZE = 16;

/** Saves the request for a nonce before most others: every answer brings one (RFC 8555 §6.5). */
export function createNoncePool(clock: Pick<Clock, 'monotonic'>): NoncePool {
  let pool: { readonly nonce: string; readonly at: number }[] = [];
  return {
    put: (answer) => {
      const nonce = nonceOf(answer);
      if (nonce !== undefined) pool = [...pool, { nonce, at: clock.monotonic() }].slice(-MAX_SIZE);
    },
    take: () => {
      const youngest = pool.pop();
      if (youngest === undefined) return undefined;
      if (clock.monotonic() - youngest.at <= MAX_AGE_MS) return youngest.nonce;
      pool = [];
      return undefined;
    },
  };
}

/** RFC 8555 §6.5.1: what is not base64url is no nonce. */
export function nonceOf({ headers }: Answer): string | undefined {
  const nonce = headers['replay-nonce'] ?? '';
  return /^[A-Za-z0-9_-]+$/.test(nonce) ? nonce : undefined;
}
