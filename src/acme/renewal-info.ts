import { dateIn, fieldsOf } from './fields.ts';
import { malformed } from './malformed.ts';

/** When a CA would like a certificate to be renewed (RFC 9773 §4.2). */
export interface RenewalWindow {
  readonly start: Date;
  readonly end: Date;
  /** A page that tells a person why the window is where it is. */
  readonly explanationUrl?: string;
}

export interface RenewalInfo {
  readonly window: RenewalWindow;
  /** From Retry-After, counted from the answer. Milliseconds. */
  readonly retryAfterMs?: number;
}

/**
 * RFC 9773 §4.2.
 * @throws DelegatedError E_ACME_PROBLEM also for a window that ends before it starts, which is to count as no answer
 */
export function parseRenewalInfo(body: unknown, url: string, retryAfterMs?: number): RenewalInfo {
  const what = `the renewal information ${url}`;
  const fields = fieldsOf(body, what);
  const suggested = fieldsOf(fields['suggestedWindow'], `"suggestedWindow" of ${what}`);
  const start = dateIn(suggested, 'start', what);
  const end = dateIn(suggested, 'end', what);
  if (start === undefined || end === undefined) throw malformed(what, 'the window lacks its start or end');
  if (end <= start) throw malformed(what, 'the window ends before it starts');
  const explanationUrl = pageIn(fields['explanationURL']);
  return {
    window: { start, end, ...(explanationUrl !== undefined && { explanationUrl }) },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** It is for people: what is no link is left out, and the window counts all the same. */
function pageIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_URL || !URL.canParse(value)) return undefined;
  const { href, protocol } = new URL(value);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}

const LONGEST_URL = 2_000;
