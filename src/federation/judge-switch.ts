import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import type { SrvData, SrvRRset } from '../dns/rrset.ts';
import { isGood } from './check-report.ts';
import { diagnoseSrv } from './diagnose-srv.ts';
import { diagnoseTargets } from './diagnose-targets.ts';
import type { Finding } from './finding.ts';
import type { HttpsOutcome } from './https-outcome.ts';
import type { ServerSight, TargetSight } from './sight.ts';
import { placeOf } from './switch.ts';
import { type Warning, warningOf } from './warning.ts';

/** What is known of federation along the way that a sight took. */
export type Standing =
  /** A homeserver proved itself at one address at least. */
  | 'works'
  /** Every address was tried, and nothing of use answered: a switch has nothing to cut. */
  | 'broken'
  /** Some could not be tried from here, or not be found out. */
  | 'unknown';

export function standingOf(sight: ServerSight): Standing {
  if (sight.targets.some((target) => isGood(target, sight))) return 'works';
  const untold = sight.discovery.trouble.some(
    ({ kind }) => kind === 'address-unknown' || kind === 'srv-unknown',
  );
  return untold || sight.deaf || sight.targets.some(isUntried) ? 'unknown' : 'broken';
}

/**
 * Why peers would not get through; null when they would. Each new target has to work on its own, since some peers use
 * the first record of an answer only (conduwuit and tuwunel, 2026-07); where nothing is new, one has to.
 * @param added the targets that are new
 */
export function faultsOf(sight: ServerSight, added: readonly SrvData[]): readonly Finding[] | null {
  const groups: readonly (readonly TargetSight[])[] =
    added.length === 0 ? [sight.targets] : added.map((data) => targetsOf(sight, data));
  const bad = groups.filter((group) => !group.some((target) => isGood(target, sight)));
  if (bad.length === 0) return null;
  const narrowed = { ...sight, targets: bad.flat() };
  return [...diagnoseSrv(narrowed), ...diagnoseTargets(narrowed)].filter(
    ({ severity }) => severity === 'error',
  );
}

/** Whether peers read the SRV records of this name at all: a well-known file may lead them past it. */
export function isDecisive({ discovery }: ServerSight, certName: DomainName): boolean {
  const { branch, certName: demanded } = discovery;
  return ['3.3', '3.4', '4', '5'].includes(branch) && demanded.kind === 'name' && demanded.name === certName;
}

/** A well-known file leads peers elsewhere by now, and they are served there. */
export function isLedPast(sight: ServerSight): boolean {
  return sight.discovery.delegatedTo !== null && standingOf(sight) === 'works';
}

/** Why peers do not read the SRV records of that name. Nothing where they lead to the same place as the well-known file. */
export function whyUnread(sight: ServerSight, rrset: SrvRRset, certName: DomainName): readonly Warning[] {
  const { name, ttl, values: records } = rrset;
  if (sight.discovery.delegatedTo !== null) {
    const look = {
      name,
      host: certName,
      service: 'matrix-fed',
      answer: { kind: 'records', records },
      ttl,
    } as const;
    return diagnoseSrv({ ...sight, srv: [look] })
      .filter(({ code }) => code === 'SRV_SHADOWED' || code === 'SRV_OFF_BY_PORT')
      .map(warningOf);
  }
  const host = relativeToRoot(certName);
  return [
    {
      code: 'RECORD_UNREAD',
      message: `${relativeToRoot(name)} is not read, because no well-known file of ${sight.serverName.text} delegates to ${host}.`,
      hint: `publish {"m.server": "${host}"} at /.well-known/matrix/server of ${sight.serverName.text}, or take \`delegatedTo\` out`,
    },
  ];
}

/** Whether some address serves a certificate that the roots of this machine do not vouch for. */
export function isDistrusted({ targets }: ServerSight): boolean {
  return targets.some(({ keyAnswer }) => 'tls' in keyAnswer && keyAnswer.tls.distrust !== null);
}

/**
 * Takes our own certificate for trusted where it comes with its chain. Whether the roots of this machine know its CA
 * (a lab's, a staging one) has nothing to do with the record, and peers have seen that certificate before.
 * @param sha256 of the DER of the live certificate
 */
export function trustingOwn(sight: ServerSight, sha256: string): ServerSight {
  return {
    ...sight,
    targets: sight.targets.map((target) => ({ ...target, keyAnswer: trusted(target.keyAnswer, sha256) })),
  };
}

function trusted(outcome: HttpsOutcome, sha256: string): HttpsOutcome {
  if (outcome.kind !== 'response') return outcome;
  const { tls } = outcome;
  const [leaf, issuer] = tls.chain;
  const ours = leaf?.sha256 === sha256 && (issuer !== undefined || leaf.selfIssued);
  return ours && isAboutRoots(tls.distrust) ? { ...outcome, tls: { ...tls, distrust: null } } : outcome;
}

/** OpenSSL's codes for a chain that ends in nothing that is known here; a date is another matter. */
function isAboutRoots(distrust: string | null): boolean {
  return distrust !== null && /^(?:SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(distrust);
}

function targetsOf({ targets }: ServerSight, data: SrvData): TargetSight[] {
  return targets.filter(({ endpoint }) => endpoint.srv !== null && placeOf(endpoint.srv) === placeOf(data));
}

function isUntried({ keyAnswer }: TargetSight): boolean {
  return keyAnswer.kind === 'no-connection' && keyAnswer.why === 'no-route';
}
