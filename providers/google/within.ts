import type { DelegatedError } from '../../src/errors.ts';
import { notSent } from '../floor/not-sent.ts';

export interface Limit {
  readonly ms: number;
  readonly late: () => DelegatedError;
}

/** For work that cannot be stopped and sends nothing to the API: nobody waits for it any longer than this. */
export async function within<T>(work: Promise<T>, signal?: AbortSignal, limit?: Limit): Promise<T> {
  const over = new AbortController();
  const once = { once: true, signal: over.signal };
  const stopped = new Promise<never>((_, reject) => {
    const stop = (by: AbortSignal): void => reject(notSent(by));
    if (signal?.aborted === true) stop(signal);
    signal?.addEventListener('abort', () => stop(signal), once);
    if (limit === undefined) return;
    AbortSignal.timeout(limit.ms).addEventListener('abort', () => reject(limit.late()), once);
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    over.abort();
  }
}
