import type { Retry } from '../errors.ts';

/** Minutes after the first, second, third and every further failure (Let's Encrypt integration guide, verified 2026-11). */
const STEPS = [1, 10, 100] as const;
const DAILY = 24 * 60;
const JITTER = 0.1;

/**
 * When to try again after that many consecutive failures, give or take a tenth; never before a moment that the other
 * side named. What will `never` succeed by itself is looked at daily all the same: somebody may have repaired it.
 * @param failures 1 for the first one
 * @param draw uniform in [0, 1)
 */
export function nextRetry(failures: number, now: Date, draw: number, retry: Retry): Date {
  const minutes = retry.kind === 'never' ? DAILY : (STEPS[Math.max(1, failures) - 1] ?? DAILY);
  const at = now.getTime() + minutes * 60_000 * (1 - JITTER + 2 * JITTER * draw);
  return new Date(Math.ceil(retry.kind === 'at' ? Math.max(at, retry.at.getTime()) : at));
}
