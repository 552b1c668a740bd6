import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { retryAfter, retryAfterInDetail } from '../../src/acme/retry-after.ts';

const NOW = new Date('2026-11-24T12:00:00Z');

describe('retryAfter', () => {
  it('reads seconds', () => {
    assert.equal(retryAfter('120', NOW), 120_000);
    assert.equal(retryAfter(' 0 ', NOW), 0);
  });

  it('reads an HTTP date as the time left until then', () => {
    assert.equal(retryAfter('Tue, 24 Nov 2026 12:01:30 GMT', NOW), 90_000);
    assert.equal(retryAfter('Tue, 24 Nov 2026 11:00:00 GMT', NOW), 0);
  });

  it('takes nonsense for no header', () => {
    for (const header of [undefined, '', 'soon', '-5', '1.5', 'Tue, 99 Foo 2026 12:00:00 GMT'])
      assert.equal(retryAfter(header, NOW), undefined);
  });

  it('is never negative and never longer than a month', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.bigInt({ min: 0n }).map(String),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (header) => {
          const ms = retryAfter(header, NOW) ?? 0;
          assert.ok(ms >= 0 && ms <= 30 * 24 * 3_600_000);
        },
      ),
    );
  });
});

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
