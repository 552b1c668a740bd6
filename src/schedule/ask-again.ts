const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** RFC 9773 §4.3.1: what a CA may ask for, and what counts where it asks for less or more. */
const SHORTEST = MINUTE;
export const LONGEST_PAUSE = DAY;
/** RFC 9773 §4.3.2: where the CA names no moment, and after errors that last. */
const USUAL = 6 * HOUR;
const AFTER_FAILURES = [MINUTE, 10 * MINUTE, 100 * MINUTE] as const;

/** Milliseconds after which a CA is asked about a certificate again, by the Retry-After of its answer. */
export function askAgainAfter(retryAfterMs: number = USUAL): number {
  return Math.min(Math.max(retryAfterMs, SHORTEST), LONGEST_PAUSE);
}

/** Milliseconds after which a CA that offers no renewal information is looked at again: it may have learned to. */
export const ASK_AGAIN_WITHOUT_OFFER = DAY;

/**
 * Milliseconds after which a CA is asked again that gave no usable answer.
 * @param failures in a row, 1 for the first one
 * @param named by the CA, counted from now
 */
export function askAgainAfterFailure(failures: number, named?: number): number {
  if (named !== undefined) return askAgainAfter(named);
  return AFTER_FAILURES[Math.max(1, failures) - 1] ?? USUAL;
}
