import { BACKOFF, DelegatedError, type ErrorCode, NEVER, type Retry, retryAt } from '../errors.ts';
import type { Problem } from './problem.ts';
import { retryAfterInDetail } from './retry-after-in-detail.ts';

/** The cause of every error that a problem document led to. */
class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.type}: ${problem.detail}`);
    this.problem = problem;
  }
}

/** A problem document that stands inside an object of the CA, as the cause of an error. */
export function problemCause(problem: Problem): Error {
  return new ProblemError(problem);
}

/** The problem document behind an error; null when there is none. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof ProblemError) return error.problem;
  return error instanceof Error && error.cause !== undefined ? problemOf(error.cause) : null;
}

/** What was asked, as far as it matters for what a problem means. */
export type Asked = 'newAccount' | 'newOrder' | 'order' | 'other';

export interface ProblemContext {
  /** Names the place in the message, such as `newOrder of https://…`. */
  readonly place: string;
  readonly asked: Asked;
  /** From Retry-After. */
  readonly retryAt: Date | null;
  /** From the Link header with rel="terms-of-service". */
  readonly termsOfService: string | null;
}

/** A problem document as one of our errors: what it means, and when to try again. */
export function problemError(problem: Problem, context: ProblemContext): DelegatedError {
  const code = codeOf(problem, context);
  const hint = hintOf(problem, code, context);
  const subproblems = problem.subproblems.map(
    ({ identifier, detail }) => `; ${identifier === undefined ? '' : `${identifier}: `}${detail}`,
  );
  return new DelegatedError(
    code,
    `${context.place}: ${problem.detail}${problem.type === NO_TYPE ? '' : ` (${problem.type})`}${subproblems.join('')}`,
    {
      ...(hint !== undefined && { hint }),
      retry: retryOf(problem, context),
      // A front end may have lost the answer of a server that did the work.
      outcome: problem.status >= 500 && problem.status !== 503 ? 'unknown' : 'not-applied',
      cause: new ProblemError(problem),
    },
  );
}

function codeOf({ type, status }: Problem, { asked, retryAt, termsOfService }: ProblemContext): ErrorCode {
  if (type === 'rateLimited' || status === 429 || (status === 503 && retryAt !== null))
    return 'E_ACME_RATE_LIMITED';
  if (type === 'userActionRequired' && termsOfService !== null) return 'E_ACME_TERMS';
  if (ACCOUNT_PROBLEMS.has(type)) return 'E_ACME_ACCOUNT';
  if (asked === 'newAccount' && status < 500 && type !== 'badNonce') return 'E_ACME_ACCOUNT';
  // Boulder says so to every request of a deactivated account.
  if (asked === 'newOrder' && type === 'unauthorized') return 'E_ACME_ACCOUNT';
  if (asked === 'order' && status === 404) return 'E_ACME_ORDER';
  return 'E_ACME_PROBLEM';
}

/** RFC 9457 §4.2.1: the HTTP status says it all. */
export const NO_TYPE = 'about:blank';

const ACCOUNT_PROBLEMS: ReadonlySet<string> = new Set([
  'accountDoesNotExist',
  'externalAccountRequired',
  'unsupportedContact',
  'invalidContact',
]);

/** Nothing about these changes by itself. */
export const LASTING: ReadonlySet<string> = new Set([
  ...ACCOUNT_PROBLEMS,
  'badCSR',
  'badPublicKey',
  'badSignatureAlgorithm',
  'invalidProfile',
  'malformed',
  'rejectedIdentifier',
  'unsupportedIdentifier',
  'userActionRequired',
]);

function retryOf({ type, detail, status }: Problem, { asked, retryAt: named }: ProblemContext): Retry {
  const at = named ?? (status === 429 || type === 'rateLimited' ? retryAfterInDetail(detail) : null);
  if (at !== null) return retryAt(at);
  if (asked === 'order' && status === 404) return BACKOFF;
  return LASTING.has(type) || (asked === 'newAccount' && status >= 400 && status < 500 && status !== 429)
    ? NEVER
    : BACKOFF;
}

function hintOf(
  { type, instance }: Problem,
  code: ErrorCode,
  { termsOfService }: ProblemContext,
): string | undefined {
  if (code === 'E_ACME_TERMS')
    return `read the terms of service at ${termsOfService}, and what the CA asks for${instance === undefined ? '' : ` at ${instance}`}`;
  if (type === 'userActionRequired') return `a person has to open ${instance ?? 'the page of the CA'}`;
  return HINTS[type] ?? HINTS[code];
}

const HINTS: Readonly<Record<string, string>> = {
  externalAccountRequired: 'set `acme.eab` to the key id and the HMAC key that the CA gave you',
  accountDoesNotExist:
    'the CA has forgotten or closed the account; it is in accounts/ of the state directory',
  rejectedIdentifier: 'the policy of the CA excludes that name; use another CA for it',
  invalidProfile: 'take a profile that the CA offers, or leave `acme.profile` out',
  caa: '`delegated doctor` names the CAA record that is in the way, and what to write instead',
  badNonce: 'is a caching proxy in between? answers of an ACME server must not be cached',
  E_ACME_ACCOUNT: 'check `acme.eab` and `acme.email`; the account is in accounts/ of the state directory',
  E_ACME_RATE_LIMITED: 'nothing to do: it is tried again at the moment that the CA names',
  E_ACME_ORDER: 'the order has expired; the next run places a new one',
};
