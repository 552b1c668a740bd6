import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { aborted } from '../errors.ts';

/**
 * One line that a person types.
 * @returns without its line end; null when there is none any more
 * @throws DelegatedError E_ABORTED
 */
export async function readLine(input: Readable, signal: AbortSignal): Promise<string | null> {
  if (signal.aborted) throw aborted(signal);
  const lines = createInterface({ input, terminal: false });
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => {
        resolve(null);
      });
      signal.addEventListener(
        'abort',
        () => {
          reject(aborted(signal));
        },
        { once: true },
      );
    });
  } finally {
    lines.close();
    input.pause();
  }
}
