import type { DelegatedError, ErrorCode } from '../errors.ts';

const CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  E_BUG: 1,
  E_USAGE: 2,
  E_LOCKED: 75,
  E_CONFIG: 78,
  E_SECRET: 78,
};

/** An error that no report could hold. */
export function exitCodeOf(error: DelegatedError): number {
  return CODES[error.code] ?? 3;
}
