import type { Condition } from './finding.ts';

export interface SiteHealth {
  readonly serverName: string;
  /** False when the next renewal would fail, for a reason of its own or of the installation. */
  readonly ok: boolean;
  readonly findings: readonly Condition[];
}

/** The document that `doctor --json` prints. */
export interface DoctorReport {
  readonly version: 1;
  readonly ok: boolean;
  /** What concerns every site. */
  readonly installation: { readonly ok: boolean; readonly findings: readonly Condition[] };
  readonly sites: readonly SiteHealth[];
}

export function doctorReport(
  installation: readonly Condition[],
  sites: ReadonlyMap<string, readonly Condition[]>,
): DoctorReport {
  const sound = isSound(installation);
  const healths = [...sites].map(([serverName, findings]) => ({
    serverName,
    ok: sound && isSound(findings),
    findings,
  }));
  return {
    version: 1,
    ok: sound && healths.every(({ ok }) => ok),
    installation: { ok: sound, findings: installation },
    sites: healths,
  };
}

function isSound(findings: readonly Condition[]): boolean {
  return findings.every(({ severity }) => severity !== 'error');
}
