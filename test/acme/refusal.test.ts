import assert from 'node:assert/strict';
import { problemCause, problemError } from '../../src/acme/problem-error.ts';
import { type Refusal, refusalOf } from '../../src/acme/refusal.ts';
import { BACKOFF, DelegatedError, type ErrorCode } from '../../src/errors.ts';

function answer(type: string, status: number, asked: 'newOrder' | 'order' = 'newOrder'): DelegatedError {
  const problem = { type, detail: 'no', status, subproblems: [] };
  return problemError(problem, { place: 'the CA', asked, retryAt: null, termsOfService: null });
}

function validation(type: string): DelegatedError {
  const problem = { type, detail: 'no', status: 403, subproblems: [] };
  return new DelegatedError('E_ACME_AUTHORIZATION', 'no', { retry: BACKOFF, cause: problemCause(problem) });
}

function ours(code: ErrorCode): DelegatedError {
  return new DelegatedError(code, 'trouble', { retry: BACKOFF });
}

describe('what a refusal of a CA is', () => {
  const cases: readonly (readonly [string, DelegatedError, Refusal | null])[] = [
    ['too many orders', answer('rateLimited', 429), 'passing'],
    ['a name that could not be validated', validation('unauthorized'), 'passing'],
    ['a DNS that failed the CA', validation('dns'), 'passing'],
    ['a CAA record', validation('caa'), 'lasting'],
    ['a CAA record at the order', answer('caa', 403), 'lasting'],
    ['a name against the policy', answer('rejectedIdentifier', 400), 'lasting'],
    ['a kind of name that it does not do', answer('unsupportedIdentifier', 400), 'lasting'],
    ['an account that a person has to look after', answer('userActionRequired', 403), 'person'],
    ['a certificate that is not the ordered one', ours('E_ACME_CERTIFICATE'), 'passing'],
    ['an order that came to nothing', ours('E_ACME_ORDER'), 'passing'],
    ['an order that it has forgotten', answer('malformed', 404, 'order'), null],
    ['a CA out of order', answer('serverInternal', 500), null],
    ['a nonce', answer('badNonce', 400), null],
    ['a CA out of reach', ours('E_ACME_UNREACHABLE'), null],
    ['no end in time', ours('E_ACME_TIMEOUT'), null],
    ['our own limit', ours('E_ACME_LEDGER'), null],
    ['the DNS provider', ours('E_PROVIDER_UNAVAILABLE'), null],
  ];
  for (const [what, error, refusal] of cases)
    it(`${what}: ${refusal ?? 'none'}`, () => {
      assert.equal(refusalOf(error), refusal);
    });
});
