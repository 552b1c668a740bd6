import type { DelegatedError, ErrorCode } from '../errors.ts';
import { LASTING, problemOf } from './problem-error.ts';

/**
 * What a CA's no means for asking it again: `passing` may be over at the next attempt, `lasting` needs a change in the DNS,
 * the config or the policy of the CA, and for `person` the CA itself waits until somebody opens a page.
 */
export type Refusal = 'passing' | 'lasting' | 'person';

/**
 * Null for everything that is no decision of the CA about what we asked: it was out of reach or out of order, or we never
 * got as far as asking. CAs count refusals and lock out who collects them; of the others they know nothing.
 */
export function refusalOf(error: DelegatedError): Refusal | null {
  const problem = problemOf(error);
  if (problem?.type === 'userActionRequired') return 'person';
  const lasting = problem !== null && (problem.type === 'caa' || LASTING.has(problem.type));
  if (
    error.code === 'E_ACME_PROBLEM' &&
    (problem === null || problem.status >= 500 || problem.type === 'badNonce')
  )
    return null;
  // An order that is forgotten was not refused.
  if (error.code === 'E_ACME_ORDER' && problem?.status === 404) return null;
  if (!ANSWERS.has(error.code)) return null;
  return lasting ? 'lasting' : 'passing';
}

/** Errors that stand for an answer of the CA to what we asked for. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set([
  'E_ACME_AUTHORIZATION',
  'E_ACME_CERTIFICATE',
  'E_ACME_ORDER',
  'E_ACME_PROBLEM',
  'E_ACME_RATE_LIMITED',
]);
