import { DelegatedError, aborted } from '../../src/errors.ts';

/** For a signal that fires before anything went out: the other side is as it was. */
export function notSent(signal: AbortSignal): DelegatedError {
  const { code, message, retry } = aborted(signal);
  return new DelegatedError(code, message, { retry, outcome: 'not-applied' });
}
