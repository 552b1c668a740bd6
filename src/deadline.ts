import type { Clock } from './ports.ts';

export interface Deadline {
  /** Fires when the time is over. */
  readonly signal: AbortSignal;
  /** Stops the clock for it; whoever made it does so when the work is done. */
  clear(): void;
}

/** @param ms of the port's clock, so that a machine which was asleep has not run out of time meanwhile */
export function deadlineAfter(ms: number, clock: Pick<Clock, 'sleep'>): Deadline {
  const over = new AbortController();
  const done = new AbortController();
  clock.sleep(ms, done.signal).then(
    () => {
      over.abort();
    },
    () => undefined,
  );
  return {
    signal: over.signal,
    clear: () => {
      done.abort();
    },
  };
}
