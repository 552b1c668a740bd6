import { setTimeout } from 'node:timers/promises';

/** Resolves when a request may go out; rejects when the signal fires before. */
export type Pace = (signal: AbortSignal) => Promise<void>;

export interface PaceDeps {
  /** Milliseconds, from any moment on. */
  readonly monotonicMs: () => number;
  /** Rejects when the signal fires. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * An account may send five requests in a second, and whatever else it runs shares them
 * (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html, verified 2026-11).
 */
const INTERVAL_MS = 200;
/** So many may go out at once after a rest. */
const BURST = 5;

const REAL: PaceDeps = {
  monotonicMs: () => performance.now(),
  pause: (ms, signal) => setTimeout(ms, undefined, { signal }),
};

/** Asking too fast is refused, and what is refused counts as well. */
export function createPace({ monotonicMs, pause }: PaceDeps = REAL): Pace {
  let nextMs = -Infinity;
  return async (signal) => {
    const nowMs = monotonicMs();
    const turnMs = Math.max(nextMs, nowMs);
    nextMs = turnMs + INTERVAL_MS;
    const waitMs = turnMs - nowMs - (BURST - 1) * INTERVAL_MS;
    if (waitMs > 0) await pause(waitMs, signal);
  };
}
