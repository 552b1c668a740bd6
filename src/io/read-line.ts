import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { DelegatedError, aborted } from '../errors.ts';

export interface LineOptions {
  /** What is typed is not shown: for secrets. */
  readonly hidden?: boolean;
  /** Called once what is typed is read, and hidden where it has to be: the time to put the question. */
  readonly ready?: () => void;
}

/**
 * One line that a person types.
 * @returns without its line end; null when there is none any more
 * @throws DelegatedError E_ABORTED
 */
export async function readLine(
  input: Readable,
  signal: AbortSignal,
  { hidden = false, ready }: LineOptions = {},
): Promise<string | null> {
  if (signal.aborted) throw aborted(signal);
  // Only where readline edits the line itself does the terminal show nothing of it; then Ctrl-C is no signal any more.
  const lines = hidden
    ? createInterface({ input, output: nowhere(), terminal: true, historySize: 0 })
    : createInterface({ input, terminal: false });
  const left = new AbortController();
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => {
        resolve(null);
      });
      lines.once('SIGINT', () => {
        reject(new DelegatedError('E_ABORTED', 'stopped by Ctrl-C'));
      });
      signal.addEventListener(
        'abort',
        () => {
          reject(aborted(signal));
        },
        { once: true, signal: left.signal },
      );
      ready?.();
    });
  } finally {
    left.abort();
    lines.close();
    input.pause();
  }
}

function nowhere(): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
}
