import { DelegatedError } from '../../src/errors.ts';

/** What failed, when others of the same apply are done already: `not-applied` would be a lie by then. */
export function partlyDone(error: unknown): unknown {
  if (!(error instanceof DelegatedError) || error.outcome !== 'not-applied') return error;
  const { code, message, hint, retry } = error;
  return new DelegatedError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    retry,
    outcome: 'partial',
    cause: error.cause,
  });
}
