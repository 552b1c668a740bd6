import type { SiteConfig } from './config/config.ts';
import { DelegatedError } from './errors.ts';
import type { CertificateReport } from './report.ts';
import { MOVE_END } from './standing-trouble.ts';

/** The alarm while there is time: the values that the config wants end before they are needed again. */
export function standingEnd(
  { persist }: SiteConfig,
  certificate: Pick<CertificateReport, 'nextRenewalAt'> | null,
): DelegatedError | null {
  const next = certificate?.nextRenewalAt ?? null;
  if (persist?.until === undefined || next === null || new Date(next) < persist.until) return null;
  return new DelegatedError(
    'E_STANDING_VALUE',
    `the standing value ends at ${persist.until.toISOString()}, before the next renewal at ${next}`,
    { hint: MOVE_END },
  );
}
