import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { aborted } from '../errors.ts';
import type { Clock } from '../ports.ts';

/** A longer timer overflows and fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export function createSystemClock(): Clock {
  return { now: () => new Date(), monotonic: () => performance.now(), sleep };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms;
  try {
    signal.throwIfAborted();
    for (let left = ms; left > 0; left = end - performance.now())
      await delay(Math.min(Math.ceil(left), LONGEST_TIMER), undefined, { signal });
  } catch (error) {
    if (signal.aborted) throw aborted(signal);
    throw error;
  }
}
