import { aborted } from '../../src/errors.ts';

/** For work that heeds no signal by itself; it goes on, and nobody waits for it. @throws DelegatedError E_ABORTED */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const settled = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => {
      reject(aborted(signal));
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    settled.abort();
  }
}
