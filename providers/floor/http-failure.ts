import {
  BACKOFF,
  DelegatedError,
  type ErrorCode,
  type ErrorDetails,
  type Outcome,
  NEVER,
  type Retry,
  retryAt,
} from '../../src/errors.ts';
import { retryAfter } from '../../src/http/retry-after.ts';
import type { Asked } from './http-trouble.ts';

/** An answer that says no. */
export interface Failure {
  readonly asked: Asked;
  readonly status: number;
  readonly headers: Headers;
  /** The body; null where it is no JSON. */
  readonly json: unknown;
  readonly now: Date;
  /** Takes the secrets out of a text. */
  readonly hide: (text: string) => string;
}

/** What a vendor's own words mean. What it leaves out, the status decides. */
export interface Explanation {
  readonly code?: ErrorCode;
  /** What the vendor said, for people. */
  readonly says?: string;
  readonly hint?: string;
  readonly retry?: Retry;
  readonly outcome?: Outcome;
}

export type Explain = (failure: Failure) => Explanation | null;

const LONGEST_QUOTE = 300;
const MS = 1_000;

/** @returns one of ours, by the vendor's own code first and the status second */
export function failureOf(failure: Failure, explain: Explain | undefined): DelegatedError {
  const { asked, status, hide } = failure;
  const told = explain?.(failure) ?? {};
  const code = told.code ?? codeOf(status);
  const says = told.says === undefined ? '' : `: ${quote(hide(told.says))}`;
  const where = status >= 300 && status < 400 ? `: a redirect to ${redirectHost(failure)}` : '';
  const details: ErrorDetails = {
    retry: told.retry ?? retryOf(code, failure),
    outcome: told.outcome ?? (asked.write && status >= 500 ? 'unknown' : 'not-applied'),
  };
  const hint = told.hint ?? HINTS[code];
  return new DelegatedError(
    code,
    `${asked.vendor}, asked to ${asked.to}, answers ${status}${says}${where}`,
    hint === undefined ? details : { ...details, hint },
  );
}

function codeOf(status: number): ErrorCode {
  if (status < 400) return 'E_PROVIDER_UNSUPPORTED';
  if (status >= 500 || status === 408 || status === 425) return 'E_PROVIDER_UNAVAILABLE';
  return BY_STATUS[status] ?? 'E_PROVIDER_REJECTED';
}

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'E_PROVIDER_AUTH',
  403: 'E_PROVIDER_FORBIDDEN',
  404: 'E_ZONE_NOT_FOUND',
  409: 'E_PROVIDER_CONFLICT',
  412: 'E_PROVIDER_CONFLICT',
  429: 'E_PROVIDER_RATE_LIMITED',
};

const HINTS: Partial<Record<ErrorCode, string>> = {
  E_PROVIDER_AUTH: 'check the credentials in the config; `delegated provider check` tries them',
  E_PROVIDER_FORBIDDEN:
    'give these credentials the right to change this zone; `delegated provider check` shows what is needed',
  E_ZONE_NOT_FOUND: 'check that the zone is at this provider and that the credentials see it',
  E_PROVIDER_CONFLICT: 'somebody else writes the same records; the next run reads them again',
  E_PROVIDER_RATE_LIMITED:
    'it is tried again when the provider allows; fewer sites per account or a longer schedule help',
  E_PROVIDER_UNAVAILABLE: 'it is tried again by itself; see the status page of the provider if it stays',
  E_PROVIDER_UNSUPPORTED:
    'check the URL of the API; redirects are not followed, since the credentials would go along',
};

const PASSING: ReadonlySet<ErrorCode> = new Set([
  'E_PROVIDER_CONFLICT',
  'E_PROVIDER_RATE_LIMITED',
  'E_PROVIDER_TIMEOUT',
  'E_PROVIDER_UNAVAILABLE',
]);

function retryOf(code: ErrorCode, { headers, now }: Failure): Retry {
  if (!PASSING.has(code)) return NEVER;
  const date = Date.parse(headers.get('date') ?? '');
  const pauseMs = retryAfter(
    headers.get('retry-after') ?? undefined,
    Number.isNaN(date) ? now : new Date(date),
  );
  return pauseMs === undefined ? BACKOFF : retryAt(new Date(Math.ceil((now.getTime() + pauseMs) / MS) * MS));
}

/** One line of somebody else's words. */
function quote(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}…` : line;
}

/** The host alone: a query may hold what logged somebody in. */
function redirectHost({ headers }: Failure): string {
  try {
    return new URL(headers.get('location') ?? '').host;
  } catch {
    return 'another path';
  }
}
