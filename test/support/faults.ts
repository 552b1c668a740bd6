import { BACKOFF, DelegatedError, type ErrorCode, type Outcome } from '../../src/errors.ts';
import type { Around, World } from './fake-ports.ts';

/** Fails the first so many calls, before or after they do their work. */
export function fails(
  call: string,
  error: DelegatedError,
  times = 1,
  when: 'before' | 'after' = 'before',
): Around {
  let left = times;
  return async (each, perform) => {
    if (each !== call || left === 0) return perform();
    left -= 1;
    if (when === 'after') await perform();
    throw error;
  };
}

/** A failure that passes by itself. */
export function trouble(code: ErrorCode, outcome: Outcome = 'not-applied'): DelegatedError {
  return new DelegatedError(code, 'trouble', { retry: BACKOFF, outcome });
}

/** How often the port was called so far. */
export function count({ calls }: World, call: string): number {
  return calls.filter((each) => each === call).length;
}
