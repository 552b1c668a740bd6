import { relativeToRoot } from '../dns/domain-name.ts';
import { srvText } from '../dns/rrset.ts';
import { hostText } from './diagnose-tls.ts';
import { diagnose } from './diagnose.ts';
import type { Finding } from './finding.ts';
import type { HttpsOutcome, TlsSight } from './https-outcome.ts';
import { serverVersion } from './server-version.ts';
import type { ServerSight, SrvSight, TargetSight } from './sight.ts';

/** What `check --json` prints for one server. Part of the interface: add to it, rename nothing. */
export interface CheckReport {
  readonly version: 1;
  readonly serverName: string;
  /** No error was found, and a homeserver proved itself at one address at least. */
  readonly ok: boolean;
  /** One line for a person. */
  readonly verdict: string;
  /** What the certificate must be for. */
  readonly certName: string;
  /** The Host header that peers send. */
  readonly host: string;
  /** The step of the specification that decides, such as `4`. */
  readonly step: string;
  readonly steps: readonly string[];
  readonly wellKnown: readonly WellKnownReport[];
  /** Both SRV names of each host that may have them, read or not. */
  readonly srv: readonly SrvReport[];
  readonly targets: readonly TargetReport[];
  readonly findings: readonly Finding[];
}

export interface WellKnownReport {
  readonly address: string;
  readonly urls: readonly string[];
  /** `m.server`, null where nothing is delegated. */
  readonly server: string | null;
  /** How long Synapse keeps a valid answer; null without one. */
  readonly cacheSeconds: number | null;
}

export interface SrvReport {
  readonly name: string;
  /** `10 5 8448 matrix.example.org.`; empty where there are none. */
  readonly records: readonly string[];
  /** Seconds that resolvers keep them; null without records. */
  readonly ttl: number | null;
  /** What resolvers say instead of an answer; null where there is one. */
  readonly error: string | null;
}

export interface TargetReport {
  readonly address: string;
  readonly port: number;
  /** Whose address it is. */
  readonly host: string;
  readonly priority: number | null;
  readonly weight: number | null;
  /** Keys and version came, over TLS that a peer trusts. */
  readonly ok: boolean;
  readonly tls: TlsReport | null;
  readonly software: string | null;
  /** Why nothing came; null when something did. */
  readonly error: string | null;
}

export interface TlsReport {
  readonly protocol: string;
  readonly cipher: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly sha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly namesMatch: boolean;
  readonly trusted: boolean;
}

export function checkReport(sight: ServerSight): CheckReport {
  const { serverName, discovery } = sight;
  const findings = diagnose(sight);
  const targets = sight.targets.map((target) => targetReport(target, sight));
  const ok = findings.every(({ severity }) => severity !== 'error') && targets.some((target) => target.ok);
  return {
    version: 1,
    serverName: serverName.text,
    ok,
    verdict: verdict(serverName.text, ok, findings),
    certName: hostText(discovery.certName),
    host: discovery.hostHeader,
    step: discovery.branch,
    steps: discovery.steps,
    wellKnown: sight.wellKnown.map(({ address, urls, end }) => ({
      address,
      urls,
      server: end.kind === 'answer' && end.body.kind === 'delegates' ? end.body.to.text : null,
      cacheSeconds: end.kind === 'answer' ? end.cacheSeconds : null,
    })),
    srv: sight.srv.flatMap(srvReport),
    targets,
    findings,
  };
}

function verdict(name: string, ok: boolean, findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']): number =>
    findings.filter((each) => each.severity === severity).length;
  const [first] = findings;
  const more = count('error') > 1 ? ` And ${count('error') - 1} more.` : '';
  if (!ok)
    return `${name} cannot be reached by all peers: ${first?.message ?? 'no homeserver answers.'}${more}`;
  const warnings = count('warning');
  if (warnings === 0) return `${name} federates: peers find it, trust it and get its keys.`;
  return `${name} federates, with ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`;
}

function srvReport({ name, service, answer, ttl }: SrvSight): SrvReport[] {
  if (service === null) return [];
  const records = answer.kind === 'records' ? answer.records.map(srvText) : [];
  const error = answer.kind === 'unknown' ? answer.why : null;
  return [{ name: relativeToRoot(name), records, ttl, error }];
}

function targetReport(target: TargetSight, sight: ServerSight): TargetReport {
  const { endpoint, keyAnswer } = target;
  return {
    address: endpoint.address,
    port: endpoint.port,
    host: hostText(endpoint.host),
    priority: endpoint.srv?.priority ?? null,
    weight: endpoint.srv?.weight ?? null,
    ok: isGood(target, sight),
    tls: 'tls' in keyAnswer ? tlsReport(keyAnswer.tls) : null,
    software: softwareOf(target.versionAnswer),
    error: 'message' in keyAnswer ? keyAnswer.message : null,
  };
}

/** A peer that comes here gets what it needs. */
export function isGood(target: TargetSight, { serverName, seenAt }: ServerSight): boolean {
  const { keyAnswer, keys } = target;
  if (keyAnswer.kind !== 'response' || keys?.kind !== 'keys') return false;
  return (
    keyAnswer.tls.namesMatch &&
    keyAnswer.tls.distrust === null &&
    keys.serverName === serverName.text &&
    (keys.validUntil?.getTime() ?? 0) > seenAt.getTime() &&
    keys.ed25519.length > 0 &&
    keys.ed25519.every(({ signed }) => signed)
  );
}

function tlsReport({ protocol, cipher, chain, namesMatch, distrust }: TlsSight): TlsReport | null {
  const [leaf] = chain;
  if (leaf === undefined) return null;
  return {
    protocol,
    cipher,
    names: leaf.names,
    issuer: leaf.issuer,
    sha256: leaf.sha256,
    notBefore: leaf.notBefore.toISOString(),
    notAfter: leaf.notAfter.toISOString(),
    namesMatch,
    trusted: distrust === null,
  };
}

/** `Synapse 1.140.0` of `{"server": {"name": …, "version": …}}`; null for anything else. */
export function softwareOf(answer: HttpsOutcome): string | null {
  const server = serverVersion(answer);
  return server === null ? null : `${server.name} ${server.version}`.trim();
}
