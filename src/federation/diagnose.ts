import { diagnoseAuthorities } from './diagnose-authorities.ts';
import { diagnoseCaching } from './diagnose-caching.ts';
import { diagnoseClientMissing } from './diagnose-client-missing.ts';
import { diagnoseClient } from './diagnose-client.ts';
import { diagnoseInstalled } from './diagnose-installed.ts';
import { diagnoseSrv } from './diagnose-srv.ts';
import { diagnoseTargets } from './diagnose-targets.ts';
import { diagnoseTrouble } from './diagnose-trouble.ts';
import { diagnoseWellKnown } from './diagnose-well-known.ts';
import { type Finding, type Severity, finding } from './finding.ts';
import type { ServerSight } from './sight.ts';

const NO_RESOLVER = finding(
  'NO_RESOLVER',
  'No resolver answers this machine, so what peers see is unknown.',
  'repair /etc/resolv.conf or the way to port 53, or name a resolver that answers: --resolver HOST:PORT',
);

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** Everything that is wrong or worth knowing, the worst first. */
export function diagnose(sight: ServerSight): Finding[] {
  // Without a resolver every name looks broken, and none need be.
  const names = sight.deaf
    ? [NO_RESOLVER]
    : [
        ...diagnoseWellKnown(sight),
        ...diagnoseTrouble(sight),
        ...diagnoseSrv(sight),
        ...diagnoseAuthorities(sight),
        ...diagnoseCaching(sight),
      ];
  const findings = [
    ...names,
    ...diagnoseTargets(sight),
    ...diagnoseInstalled(sight),
    ...diagnoseClient(sight),
    ...diagnoseClientMissing(sight),
  ];
  return findings.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}
