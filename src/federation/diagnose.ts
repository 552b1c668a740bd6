import { diagnoseClient } from './diagnose-client.ts';
import { diagnoseSrv } from './diagnose-srv.ts';
import { diagnoseTargets } from './diagnose-targets.ts';
import { diagnoseWellKnown } from './diagnose-well-known.ts';
import type { Finding, Severity } from './finding.ts';
import type { ServerSight } from './sight.ts';

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Everything that is wrong or worth knowing, the worst first. */
export function diagnose(sight: ServerSight): Finding[] {
  const findings = [
    ...diagnoseWellKnown(sight),
    ...diagnoseSrv(sight),
    ...diagnoseTargets(sight),
    ...diagnoseClient(sight),
  ];
  return findings.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}
