import assert from 'node:assert/strict';
import { askAgainAfter, askAgainAfterFailure } from '../../src/schedule/ask-again.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('asking a CA again when to renew', () => {
  it('comes when the CA says so, from a minute to a day', () => {
    const asked = [0, 5_000, MINUTE, 5 * HOUR, 24 * HOUR, 100 * 24 * HOUR];
    assert.deepEqual(asked.map(askAgainAfter), [MINUTE, MINUTE, MINUTE, 5 * HOUR, 24 * HOUR, 24 * HOUR]);
  });

  it('comes after six hours where it says nothing', () => {
    assert.equal(askAgainAfter(), 6 * HOUR);
  });

  it('comes later and later without an answer, and as the CA says with one that names a moment', () => {
    const pauses = [1, 2, 3, 4, 50].map((failures) => askAgainAfterFailure(failures));
    assert.deepEqual(pauses, [MINUTE, 10 * MINUTE, 100 * MINUTE, 6 * HOUR, 6 * HOUR]);
    assert.equal(askAgainAfterFailure(1, 3 * HOUR), 3 * HOUR);
    assert.equal(askAgainAfterFailure(1, -5), MINUTE);
  });
});
