import type { Retry } from '../errors.ts';

/** Minutes after the first, second and third failure (Let's Encrypt integration guide, verified 2026-11). */
const STEPS = [1, 10, 100] as const;
const DAILY = 24 * 60;
/** Of the time that is left, so that a certificate of six days is not given up with three attempts. */
const SHARE_OF_THE_REST = 1 / 8;
const JITTER = 0.1;

export interface NextRetryOptions {
  /** 1 for the first one. */
  readonly failures: number;
  readonly now: Date;
  /** Uniform in [0, 1). */
  readonly draw: number;
  readonly retry: Retry;
  /** Milliseconds until the live certificate ends, where there is one. Negative once it has. */
  readonly leftMs?: number | undefined;
}

/**
 * When to try again after that many consecutive failures: after 1, 10 and 100 minutes, then daily, or eight times in what
 * is left when that is sooner; give or take a tenth, and never before a moment that the other side named. What will
 * `never` succeed by itself goes to the last step at once: somebody may have repaired it.
 */
export function nextRetry({ failures, now, draw, retry, leftMs }: NextRetryOptions): Date {
  const step = retry.kind === 'never' ? undefined : STEPS[Math.max(1, failures) - 1];
  const minutes = step ?? lastStep(leftMs);
  const at = now.getTime() + minutes * 60_000 * (1 - JITTER + 2 * JITTER * draw);
  return new Date(Math.ceil(retry.kind === 'at' ? Math.max(at, retry.at.getTime()) : at));
}

/** Minutes. */
function lastStep(leftMs: number | undefined): number {
  if (leftMs === undefined) return DAILY;
  return Math.min(DAILY, Math.max(STEPS[2], (leftMs / 60_000) * SHARE_OF_THE_REST));
}
