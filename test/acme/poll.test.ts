import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { nextPoll } from '../../src/acme/poll.ts';

describe('nextPoll', () => {
  it('looks again after 15 ms first', () => {
    assert.equal(nextPoll(0), 15);
  });

  it('grows up to 5 s and no further', () => {
    fc.assert(
      fc.property(fc.nat(10_000), (attempt) => {
        assert.ok(nextPoll(attempt) <= nextPoll(attempt + 1));
        assert.ok(nextPoll(attempt) <= 5_000);
      }),
    );
    assert.equal(nextPoll(20), 5_000);
  });

  it('looks a dozen times within the first eight seconds', () => {
    const firstTwelve = Array.from({ length: 12 }, (_, attempt) => nextPoll(attempt));
    assert.ok(firstTwelve.reduce((sum, ms) => sum + ms) < 8_000);
  });

  it('never looks before the CA wants it', () => {
    assert.equal(nextPoll(0, 3_000), 3_000);
    assert.equal(nextPoll(20, 3_000), 5_000);
    assert.equal(nextPoll(3, 60_000), 60_000);
  });
});
