import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { retryAfter } from '../../src/http/retry-after.ts';

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
