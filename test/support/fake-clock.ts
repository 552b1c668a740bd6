import { aborted } from '../../src/errors.ts';
import type { Clock } from '../../src/ports.ts';

export interface FakeClock extends Clock {
  advance(ms: number): void;
  /** Somebody sets the wall clock; no time passes. */
  set(byMs: number): void;
  /** How far it was set ahead of the truth. Milliseconds. */
  readonly aheadMs: number;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that passes only while everybody sleeps: then it jumps to the moment at which the first one wants to wake. */
export function createFakeClock(start = new Date('2026-11-24T12:00:00Z')): FakeClock {
  let elapsed = 0;
  let aheadMs = 0;
  let ticking = false;
  const sleepers = new Set<Sleeper>();

  const tick = (): void => {
    const [first] = [...sleepers].sort((a, b) => a.at - b.at);
    ticking = first !== undefined;
    if (first === undefined) return;
    sleepers.delete(first);
    elapsed = Math.max(elapsed, first.at);
    first.wake();
    setImmediate(tick);
  };

  return {
    now: () => new Date(start.getTime() + elapsed + aheadMs),
    set: (byMs) => void (aheadMs += byMs),
    get aheadMs() {
      return aheadMs;
    },
    monotonic: () => elapsed,
    advance: (ms) => void (elapsed += ms),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(aborted(signal));
        };
        const wake = (): void => {
          signal.removeEventListener('abort', stop);
          resolve();
        };
        const sleeper = { at: elapsed + ms, wake };
        if (signal.aborted) {
          reject(aborted(signal));
          return;
        }
        signal.addEventListener('abort', stop, { once: true });
        sleepers.add(sleeper);
        if (!ticking) setImmediate(tick);
        ticking = true;
      }),
  };
}
