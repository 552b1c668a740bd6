import assert from 'node:assert/strict';
import { retryAfterInDetail } from '../../src/acme/retry-after-in-detail.ts';

describe('retryAfterInDetail', () => {
  it('finds the moment that Let’s Encrypt writes into the detail', () => {
    const detail =
      'too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-11-26 03:04:05 UTC: see https://letsencrypt.org/docs/rate-limits/';
    assert.deepEqual(retryAfterInDetail(detail), new Date('2026-11-26T03:04:05Z'));
    assert.deepEqual(
      retryAfterInDetail('Retry after 2026-11-26T03:04:05Z.'),
      new Date('2026-11-26T03:04:05Z'),
    );
  });

  it('finds none where there is none', () => {
    assert.equal(retryAfterInDetail('too many requests'), null);
    assert.equal(retryAfterInDetail('retry after 2026-99-99 03:04:05 UTC'), null);
  });
});
