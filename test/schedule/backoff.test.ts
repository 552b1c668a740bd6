import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { BACKOFF, NEVER, retryAt } from '../../src/errors.ts';
import { nextRetry } from '../../src/schedule/backoff.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const MINUTE = 60_000;
const minutesAfter = (failures: number, draw = 0.5): number =>
  (nextRetry({ failures, now: NOW, draw, retry: BACKOFF }).getTime() - NOW.getTime()) / MINUTE;

const hours = (leftHours: number): number => {
  const leftMs = leftHours * 60 * MINUTE;
  const next = nextRetry({ failures: 4, now: NOW, draw: 0.5, retry: BACKOFF, leftMs });
  return (next.getTime() - NOW.getTime()) / (60 * MINUTE);
};

const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const failures = fc.integer({ min: 1, max: 1_000_000 });

describe('the backoff', () => {
  it('waits 1, 10 and 100 minutes, and then a day', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 1000].map((n) => minutesAfter(n)),
      [1, 10, 100, 1440, 1440, 1440],
    );
  });

  it('does not leave a short-lived certificate to one attempt a day', () => {
    assert.deepEqual(
      [hours(30 * 24), hours(80), hours(16), hours(0), hours(-100)].map((each) => each.toFixed(2)),
      ['24.00', '10.00', '2.00', '1.67', '1.67'],
    );
  });

  it('looks daily at what will not succeed by itself', () => {
    assert.equal(
      nextRetry({ failures: 1, now: NOW, draw: 0.5, retry: NEVER }).getTime() - NOW.getTime(),
      1440 * MINUTE,
    );
  });

  it('stays within a tenth of the step', () => {
    fc.assert(
      fc.property(failures, draws, (count, draw) => {
        const ratio = minutesAfter(count, draw) / minutesAfter(count);
        assert.ok(ratio >= 0.9 && ratio <= 1.1 + 1e-6);
      }),
    );
  });

  it('never comes before the moment that the other side named, and never before its own step', () => {
    fc.assert(
      fc.property(failures, draws, fc.date({ noInvalidDate: true }), (count, draw, at) => {
        const next = nextRetry({ failures: count, now: NOW, draw, retry: retryAt(at) });
        assert.ok(next >= at && next >= nextRetry({ failures: count, now: NOW, draw, retry: BACKOFF }));
      }),
    );
  });

  it('is always in the future', () => {
    fc.assert(
      fc.property(fc.integer({ min: -3, max: 50 }), draws, (count, draw) => {
        assert.ok(nextRetry({ failures: count, now: NOW, draw, retry: BACKOFF }) > NOW);
      }),
    );
  });
});
