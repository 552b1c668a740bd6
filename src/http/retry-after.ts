/** No CA means more than this; a wrong clock or a typo may. Milliseconds. */
const LONGEST_MS = 30 * 24 * 3_600_000;

/**
 * The Retry-After header (RFC 9110 §10.2.3), seconds or a date.
 * @param now the answer's own Date where it has one, so that a wrong clock of ours does no harm
 * @returns milliseconds from the answer on, never negative; undefined without a usable header
 */
export function retryAfter(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, LONGEST_MS);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now.getTime()), LONGEST_MS);
}
