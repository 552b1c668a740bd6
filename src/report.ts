/** What happened, as data. Rendered as text or JSON by the commands. */
import type { StoredVersion } from './ports.ts';
import type { DelegatedError } from './errors.ts';
import { type PlannedRecord } from './dns/plan.ts';
import { presentation } from './dns/rrset.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import type { Warning } from './federation/warning.ts';

export interface RecordReport {
  readonly name: string;
  readonly type: 'SRV' | 'TXT';
  readonly action: 'create' | 'update' | 'delete' | 'keep' | 'refuse' | 'fail';
  readonly before: readonly string[] | null;
  readonly after: readonly string[] | null;
  /** Seconds. */
  readonly ttl: number;
  /** Why nobody can tell yet what has to stand there; absent where somebody can. */
  readonly unknown?: string;
  /** True where the record is as wanted but carries no mark of ours. */
  readonly foreign?: boolean;
}

export interface CertificateReport {
  readonly action: 'issue' | 'renew' | 'rollback' | 'import' | 'keep' | 'fail';
  readonly reason: string;
  readonly names: readonly string[];
  readonly serial: string | null;
  readonly sha256: string | null;
  readonly issuer: string | null;
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  readonly directory: string | null;
  /** Directory URL of the CA that it is from; null where that is not known. */
  readonly ca: string | null;
  readonly nextRenewalAt: string | null;
  /** Why then. */
  readonly nextRenewalReason: string | null;
  /** Present once far less is left of its lifetime than when it came due: below a sixth, or a twentieth. */
  readonly urgency?: 'late' | 'urgent';
  /** True while a rollback holds renewals off; absent otherwise. */
  readonly held?: true;
}

export interface DeployReport {
  readonly action: 'deploy' | 'keep' | 'fail' | 'none';
  readonly outputs: readonly string[];
  readonly reloaded: boolean;
  readonly verified: boolean;
}

export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly retryAt?: string;
}

export interface WellKnownReport {
  readonly action: 'write' | 'keep';
  /** Those that were written, or would be. */
  readonly files: readonly string[];
}

export interface SiteReport {
  readonly serverName: string;
  readonly ok: boolean;
  readonly records: readonly RecordReport[];
  readonly certificate: CertificateReport | null;
  readonly deploy: DeployReport | null;
  /** Absent for a site without a web root. */
  readonly wellKnown?: WellKnownReport;
  readonly errors: readonly ErrorReport[];
  /** Absent where there are none. */
  readonly warnings?: readonly Warning[];
  /** True when the live certificate has expired. */
  readonly expired?: boolean;
  readonly lastSuccess?: string | null;
  readonly lastError?: (ErrorReport & { readonly at: string }) | null;
}

export interface Report {
  readonly version: 1;
  readonly ok: boolean;
  readonly sites: readonly SiteReport[];
}

export function report(sites: readonly SiteReport[]): Report {
  return { version: 1, ok: sites.every((site) => site.ok), sites };
}

/** The worst that is true of any site: 1 a bug, 4 expired, 5 issued but not served, 3 failed, 0 well. */
export function exitCode({ sites }: Report): 0 | 1 | 3 | 4 | 5 {
  if (sites.some((site) => site.errors.some((error) => error.code === 'E_BUG'))) return 1;
  if (sites.some((site) => site.expired === true)) return 4;
  if (sites.some((site) => site.deploy?.action === 'fail')) return 5;
  return sites.every((site) => site.ok) ? 0 : 3;
}

export function errorReport(error: DelegatedError): ErrorReport {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.retry.kind === 'at' ? { retryAt: error.retry.at.toISOString() } : {}),
  };
}

export function recordReport(step: PlannedRecord, failed: boolean): RecordReport {
  return {
    name: step.name,
    type: 'SRV',
    action: failed ? 'fail' : step.action,
    before: step.before === null ? null : presentation(step.before),
    after: step.after === null ? null : presentation(step.after),
    ttl: (step.after ?? step.before)?.ttl ?? 0,
    ...(step.foreign === true ? { foreign: true } : {}),
  };
}

export type CertificateOutcome = Pick<CertificateReport, 'action' | 'reason'> & {
  readonly names: CertificateReport['names'];
  readonly ca: string | null;
  readonly next: { readonly at: Date; readonly reason: string } | null;
  readonly held?: boolean;
};

export function certificateReport(
  outcome: CertificateOutcome,
  version: StoredVersion | null,
): CertificateReport {
  const facts = version?.facts;
  return {
    action: outcome.action,
    reason: outcome.reason,
    names: facts === undefined ? outcome.names : inOrder(facts.names.map(relativeToRoot), outcome.names),
    serial: facts?.serial ?? null,
    sha256: facts?.sha256 ?? null,
    issuer: facts?.issuer ?? null,
    notBefore: facts?.notBefore.toISOString() ?? null,
    notAfter: facts?.notAfter.toISOString() ?? null,
    directory: version?.directory ?? null,
    ca: version === null ? null : outcome.ca,
    nextRenewalAt: outcome.next?.at.toISOString() ?? null,
    nextRenewalReason: outcome.next?.reason ?? null,
    ...(outcome.held === true ? { held: true } : {}),
  };
}

/** The CA sorts names as it likes; people look for the one that federation demands, which comes first with us. */
export function inOrder(names: readonly string[], wanted: readonly string[]): string[] {
  return [
    ...wanted.filter((name) => names.includes(name)),
    ...names.filter((name) => !wanted.includes(name)),
  ];
}
