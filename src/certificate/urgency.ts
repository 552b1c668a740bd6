import type { CertificateFacts } from './facts.ts';

/**
 * How near its end a certificate is: `late` with less than a sixth of its lifetime left, `urgent` with less than a
 * twentieth. Both are far behind the moment at which it came due, so something has failed many times by then.
 */
export type Urgency = 'none' | 'late' | 'urgent' | 'expired';

const LATE = 1 / 6;
const URGENT = 1 / 20;

type Dates = Pick<CertificateFacts, 'notBefore' | 'notAfter'>;

export function urgencyOf({ notBefore, notAfter }: Dates, now: Date): Urgency {
  const left = notAfter.getTime() - now.getTime();
  const share = left / (notAfter.getTime() - notBefore.getTime());
  if (left <= 0) return 'expired';
  if (share < URGENT) return 'urgent';
  return share < LATE ? 'late' : 'none';
}

/** The moment from which it counts as late. */
export function lateFrom({ notBefore, notAfter }: Dates): Date {
  return new Date(Math.ceil(notAfter.getTime() - (notAfter.getTime() - notBefore.getTime()) * LATE));
}
