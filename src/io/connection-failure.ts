import type { ConnectionFailure } from '../federation/https-outcome.ts';
import { errnoOf } from './file-error.ts';

/** The others (ENETUNREACH, EHOSTUNREACH, EACCES, …) come from this side. */
const CONNECTION_FAILURES: Readonly<Record<string, 'refused' | 'timeout'>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ETIMEDOUT: 'timeout',
};

/** @param error null when the time was over */
export function connectionFailure(error: Error | null): ConnectionFailure {
  const code = error === null ? 'ETIMEDOUT' : errnoOf(error);
  return CONNECTION_FAILURES[code ?? ''] ?? 'no-route';
}
