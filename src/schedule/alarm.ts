import type { Urgency } from '../certificate/urgency.ts';

/** How a site is, as far as somebody has to be told. From `late` on it is about the end of the live certificate. */
export const LEVELS = ['well', 'failing', 'late', 'urgent', 'broken'] as const;
export type Level = (typeof LEVELS)[number];

const HOUR = 3_600_000;
/** Milliseconds. What is over within an hour is nobody's business. */
const PATIENCE = HOUR;
/** Milliseconds after which it is said again. */
const REMIND: Readonly<Record<Exclude<Level, 'well'>, number>> = {
  failing: 7 * 24 * HOUR,
  late: 24 * HOUR,
  urgent: 24 * HOUR,
  broken: 24 * HOUR,
};

export interface AlarmQuestion {
  readonly fails: boolean;
  readonly urgency: Urgency;
  /** Since when runs fail, without one that went well in between. */
  readonly failingSince?: Date | undefined;
  readonly retryAt?: Date | undefined;
  readonly now: Date;
}

/** Null: it fails, and may be well again before anybody has read of it. */
export function levelOf({ fails, urgency, failingSince, retryAt, now }: AlarmQuestion): Level | null {
  if (urgency === 'expired') return 'broken';
  if (urgency !== 'none') return urgency;
  if (!fails) return 'well';
  const age = now.getTime() - (failingSince ?? now).getTime();
  const pause = (retryAt ?? now).getTime() - now.getTime();
  return age >= PATIENCE || pause >= PATIENCE ? 'failing' : null;
}

/** What somebody was told last. */
export interface Told {
  readonly level: Level;
  readonly at: Date;
}

/** Whether that is to be told: another level than before, or the same one for so long that it may be forgotten. */
export function isNews(level: Level, told: Told | undefined, now: Date): boolean {
  if (told === undefined || told.level !== level) return level !== 'well' || told !== undefined;
  return level !== 'well' && now.getTime() - told.at.getTime() >= REMIND[level];
}
