const FIRST_MS = 15;
const GROWTH = 1.6;
const LONGEST_MS = 5_000;

/**
 * How long to wait before looking at an order again: short at first, since many CAs are done in a moment, then up to
 * 5 s, and never less than the CA asks for (RFC 8555 §7.5.1).
 * @param attempt 0 for the first look
 * @param retryAfterMs of the last answer
 * @returns milliseconds
 */
export function nextPoll(attempt: number, retryAfterMs = 0): number {
  return Math.max(Math.min(FIRST_MS * GROWTH ** attempt, LONGEST_MS), retryAfterMs);
}
