import assert from 'node:assert/strict';
import type { Problem } from '../../src/acme/problem.ts';
import { problemError, problemOf } from '../../src/acme/problem-error.ts';
import type { DelegatedError } from '../../src/errors.ts';

const AT = new Date('2026-11-26T03:04:05Z');
const CONTEXT = {
  place: 'new order at ca.example',
  asked: 'other',
  retryAt: null,
  termsOfService: null,
} as const;

function errorOf(
  problem: Partial<Problem>,
  context: Partial<Parameters<typeof problemError>[1]> = {},
): DelegatedError {
  const whole = { type: 'malformed', detail: 'what the CA says', status: 400, subproblems: [], ...problem };
  return problemError(whole, { ...CONTEXT, ...context });
}

describe('problemError', () => {
  it('says where, what and of which type, name by name', () => {
    const subproblems = [{ type: 'caa', detail: 'not by us', identifier: 'example.org' }];
    assert.equal(
      errorOf({ type: 'compound', subproblems }).message,
      'new order at ca.example: what the CA says (compound); example.org: not by us',
    );
  });

  it('keeps the problem behind the error, and behind errors around it', () => {
    const error = errorOf({ type: 'caa', status: 403 });
    assert.equal(problemOf(error)?.type, 'caa');
    assert.equal(problemOf(new Error('around', { cause: error }))?.type, 'caa');
    assert.equal(problemOf(new Error('another')), null);
    assert.equal(problemOf(undefined), null);
  });

  it('tries again at the moment of Retry-After', () => {
    const error = errorOf({ type: 'rateLimited', status: 429 }, { retryAt: AT });
    assert.equal(error.code, 'E_ACME_RATE_LIMITED');
    assert.deepEqual(error.retry, { kind: 'at', at: AT });
    assert.equal(errorOf({ status: 503, type: 'about:blank' }, { retryAt: AT }).code, 'E_ACME_RATE_LIMITED');
  });

  it('tries again at the moment in the detail when there is no header', () => {
    const detail = 'too many certificates, retry after 2026-11-26 03:04:05 UTC';
    assert.deepEqual(errorOf({ type: 'rateLimited', status: 429, detail }).retry, { kind: 'at', at: AT });
    assert.deepEqual(errorOf({ type: 'rateLimited', status: 429 }).retry, { kind: 'backoff' });
  });

  it('shows the page that a person has to open', () => {
    const instance = 'https://ca.example/unpause';
    const error = errorOf({ type: 'userActionRequired', status: 403, instance });
    assert.match(error.hint ?? '', /https:\/\/ca\.example\/unpause/);
    assert.deepEqual(error.retry, { kind: 'never' });
  });

  it('shows new terms of service', () => {
    const termsOfService = 'https://ca.example/terms-v2.pdf';
    const error = errorOf({ type: 'userActionRequired', status: 403 }, { termsOfService });
    assert.equal(error.code, 'E_ACME_TERMS');
    assert.match(error.hint ?? '', /terms-v2\.pdf/);
  });

  it('blames the account where the account is to blame', () => {
    assert.equal(errorOf({ type: 'accountDoesNotExist' }).code, 'E_ACME_ACCOUNT');
    assert.equal(errorOf({ type: 'externalAccountRequired', status: 403 }).code, 'E_ACME_ACCOUNT');
    assert.equal(errorOf({ type: 'malformed' }, { asked: 'newAccount' }).code, 'E_ACME_ACCOUNT');
    assert.equal(
      errorOf({ type: 'unauthorized', status: 403 }, { asked: 'newOrder' }).code,
      'E_ACME_ACCOUNT',
    );
    assert.equal(
      errorOf({ type: 'serverInternal', status: 500 }, { asked: 'newAccount' }).code,
      'E_ACME_PROBLEM',
    );
  });

  it('takes an order that is not found for gone, and nothing else', () => {
    assert.equal(errorOf({ status: 404 }, { asked: 'order' }).code, 'E_ACME_ORDER');
    assert.equal(errorOf({ status: 403 }, { asked: 'order' }).code, 'E_ACME_PROBLEM');
    assert.equal(errorOf({ status: 502 }, { asked: 'order' }).code, 'E_ACME_PROBLEM');
  });

  it('retries what may pass by itself and leaves alone what does not', () => {
    assert.deepEqual(errorOf({ type: 'serverInternal', status: 500 }).retry, { kind: 'backoff' });
    assert.deepEqual(errorOf({ type: 'orderNotReady', status: 403 }).retry, { kind: 'backoff' });
    for (const type of ['rejectedIdentifier', 'badCSR', 'invalidProfile', 'malformed'])
      assert.deepEqual(errorOf({ type }).retry, { kind: 'never' });
  });

  it('does not know what a server did that failed inside', () => {
    assert.equal(errorOf({ status: 502 }).outcome, 'unknown');
    assert.equal(errorOf({ status: 400 }).outcome, 'not-applied');
  });
});
