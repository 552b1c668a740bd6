import type { DelegatedError } from '../errors.ts';

/** An error that no report could hold. */
export function exitCodeOf(error: DelegatedError): number {
  switch (error.code) {
    case 'E_USAGE':
      return 2;
    case 'E_LOCKED':
      return 75;
    case 'E_CONFIG':
    case 'E_SECRET':
      return 78;
    case 'E_BUG':
      return 1;
    default:
      return 3;
  }
}
