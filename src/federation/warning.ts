import type { Finding } from './finding.ts';

/** What a run warns of besides findings of `check`. Codes are stable. */
export const WARNINGS = {
  RECORD_UNREAD: 'peers do not read the SRV record, since no well-known file leads there',
  TARGET_REMOVED: 'an SRV target is taken away while peers may still remember it',
  TARGET_UNTIL: 'an SRV target will be taken away at its `until`',
  TARGET_PAST: 'the `until` of an SRV target is over',
} as const satisfies Record<string, string>;

export type WarningCode = keyof typeof WARNINGS;

/** What does not keep a run from succeeding, and somebody should know. */
export interface Warning {
  /** One of `WARNINGS`, or that of a finding of `check`. */
  readonly code: WarningCode | Finding['code'];
  readonly message: string;
  /** One sentence that says what to do. */
  readonly hint: string;
}

export function warningOf({ code, message, fix }: Finding): Warning {
  return { code, message, hint: fix };
}
