import { urgencyOf } from './certificate/urgency.ts';
import type { SiteConfig } from './config/config.ts';
import { DelegatedError } from './errors.ts';
import type { StoredVersion } from './ports.ts';
import type { ReconcileOutcome } from './reconcile.ts';
import {
  type CertificateReport,
  type DeployReport,
  type SiteReport,
  type WellKnownReport,
  errorReport,
} from './report.ts';

export interface SiteParts {
  readonly records: ReconcileOutcome | null;
  readonly certificate: { readonly report: CertificateReport; readonly version: StoredVersion | null } | null;
  readonly deploy: DeployReport | null;
  readonly wellKnown: WellKnownReport | null;
}

/** One site of a report, from what the verbs found out about it. */
export function siteReport(
  { serverName }: SiteConfig,
  { records, certificate, deploy, wellKnown }: SiteParts,
  errors: readonly DelegatedError[],
  now: Date,
): SiteReport {
  const notAfter = certificate?.version?.facts.notAfter;
  const expired = notAfter !== undefined && notAfter <= now;
  return {
    serverName: serverName.text,
    ok: errors.length === 0 && !expired,
    records: records?.records ?? [],
    certificate: certificate === null ? null : withUrgency(certificate, now),
    deploy,
    ...(wellKnown === null ? {} : { wellKnown }),
    ...(records === null || records.warnings.length === 0 ? {} : { warnings: records.warnings }),
    errors: [...(expired ? [expiredError(serverName.text, notAfter)] : []), ...errors].map(errorReport),
    ...(expired ? { expired } : {}),
  };
}

/** For monitors: what the exit code of a failed renewal does not say is how much time there is to repair it. */
function withUrgency(
  { report, version }: NonNullable<SiteParts['certificate']>,
  now: Date,
): CertificateReport {
  const urgency = version === null ? 'none' : urgencyOf(version.facts, now);
  return urgency === 'late' || urgency === 'urgent' ? { ...report, urgency } : report;
}

/** Beside whatever kept it from being renewed: this is what peers see. */
function expiredError(name: string, notAfter: Date): DelegatedError {
  return new DelegatedError(
    'E_CERTIFICATE_EXPIRED',
    `the live certificate has expired at ${notAfter.toISOString()}: federation with this server fails`,
    {
      hint: `repair what kept it from being renewed, then \`delegated renew ${name}\`: with the name it waits for no pause`,
    },
  );
}
