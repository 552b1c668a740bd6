import assert from 'node:assert/strict';
import { createSystemClock } from '../../src/io/clock.ts';

const { signal } = new AbortController();

describe('the system clock', () => {
  const clock = createSystemClock();

  it('sleeps no shorter than asked', async () => {
    const start = clock.monotonic();
    await clock.sleep(15, signal);
    assert.ok(clock.monotonic() - start >= 15);
  });

  it('wakes at once on request, also from a sleep that is longer than a timer can be', async () => {
    const stop = new AbortController();
    const sleep = clock.sleep(2 ** 40, stop.signal);
    await clock.sleep(5, signal);
    stop.abort();
    await assert.rejects(sleep, { code: 'E_ABORTED' });
    await assert.rejects(clock.sleep(0, stop.signal), { code: 'E_ABORTED' });
  });
});
