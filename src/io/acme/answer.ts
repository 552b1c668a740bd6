import { retryAfter } from '../../http/retry-after.ts';

export interface Answer {
  readonly url: string;
  readonly status: number;
  /** Lower-case names; values that came more than once are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The body's JSON, when the content type says that it is JSON and it is. */
  readonly data?: unknown;
}

/** Milliseconds from the answer on. The CA's own clock is taken for its dates, so that a wrong one of ours is no harm. */
export function retryAfterOf({ headers }: Answer, now: Date): number | undefined {
  const date = Date.parse(headers['date'] ?? '');
  return retryAfter(headers['retry-after'], Number.isNaN(date) ? now : new Date(date));
}
