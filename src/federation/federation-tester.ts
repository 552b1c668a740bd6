import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import type { SrvData } from '../dns/rrset.ts';
import { hostText } from './diagnose-tls.ts';
import type { CertificateSight, TlsSight } from './https-outcome.ts';
import { type CheckReport, isGood } from './check-report.ts';
import { serverVersion } from './server-version.ts';
import type { ServerKeys } from './server-keys.ts';
import type { ServerSight, TargetSight } from './sight.ts';

/** Field names as matrix-org/matrix-federation-tester's `main.go` has them (v0.9, read 2026-11), which is Go's style. */
export interface FederationTesterReport {
  readonly WellKnownResult: Readonly<Record<string, unknown>>;
  readonly DNSResult: Readonly<Record<string, unknown>>;
  readonly ConnectionReports: Readonly<Record<string, unknown>>;
  readonly ConnectionErrors: Readonly<Record<string, Message>>;
  readonly Version: Readonly<Record<string, string>>;
  readonly FederationOK: boolean;
}

interface Message {
  readonly Message: string;
}

/** What was seen in the shape of the Go federation tester, for whatever reads that. */
export function federationTesterReport(sight: ServerSight, report: CheckReport): FederationTesterReport {
  const answered = sight.targets.flatMap((target) => {
    const { keyAnswer, keys } = target;
    if (keyAnswer.kind !== 'response' || keys?.kind !== 'keys') return [];
    return [[placeOf(target), connectionReport(keyAnswer.tls, keys, sight)] as const];
  });
  const places = new Set(answered.map(([place]) => place));
  return {
    WellKnownResult: wellKnownResult(sight),
    DNSResult: dnsResult(sight),
    ConnectionReports: Object.fromEntries(answered),
    ConnectionErrors: Object.fromEntries(
      sight.targets
        .filter((target) => !places.has(placeOf(target)))
        .map((target) => [placeOf(target), { Message: whyNot(target) }]),
    ),
    Version: versionOf(sight),
    // The Go tester wants every address to be good; what could not be tried from here it would not have known either.
    FederationOK: report.ok && sight.targets.every((target) => isGood(target, sight) || isUntried(target)),
  };
}

function isUntried({ keyAnswer }: TargetSight): boolean {
  return keyAnswer.kind === 'no-connection' && keyAnswer.why === 'no-route';
}

function placeOf({ endpoint: { address, port } }: TargetSight): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function whyNot({ keyAnswer, keys }: TargetSight): string {
  if (keyAnswer.kind !== 'response') return keyAnswer.message;
  if (keyAnswer.response.status !== 200) return `HTTP status ${keyAnswer.response.status}`;
  return keys?.kind === 'not-json' ? keys.why : 'no keys';
}

function wellKnownResult({ wellKnown, discovery, seenAt }: ServerSight): Readonly<Record<string, unknown>> {
  const answer = wellKnown.find(({ end }) => end.kind === 'answer' && end.body.kind === 'delegates');
  if (answer?.end.kind === 'answer')
    return {
      'm.server': discovery.delegatedTo?.text ?? '',
      CacheExpiresAt: Math.floor(seenAt.getTime() / 1_000) + answer.end.cacheSeconds,
    };
  const result = wellKnown.length === 0 ? {} : { result: discovery.steps[0] ?? '' };
  return { 'm.server': '', ...result, CacheExpiresAt: 0 };
}

function dnsResult(sight: ServerSight): Readonly<Record<string, unknown>> {
  const { discovery, targets } = sight;
  const records = [...new Set(discovery.endpoints.flatMap(({ srv }) => (srv === null ? [] : [srv])))];
  const skipped = ['1', '2', '3.1', '3.2'].includes(discovery.branch);
  const unknown = discovery.trouble.find(({ kind }) => kind === 'srv-unknown');
  const hosts = new Map(
    discovery.endpoints.flatMap(({ host, srv }) =>
      host.kind === 'name'
        ? [[srv === null ? relativeToRoot(host.name) : host.name, host.name] as const]
        : [],
    ),
  );
  return {
    SRVSkipped: skipped,
    SRVCName: records.length === 0 ? '' : (srvOwner(sight, records) ?? ''),
    SRVRecords: records.length === 0 ? null : records.map(srvRecord),
    SRVError: unknown?.kind === 'srv-unknown' ? { Message: unknown.why } : null,
    Hosts: Object.fromEntries([...hosts].map(([label, host]) => [label, hostReport(host, sight)])),
    Addrs: targets.length === 0 ? null : targets.map(placeOf),
  };
}

function srvOwner({ srv }: ServerSight, records: readonly SrvData[]): DomainName | undefined {
  return srv.find(
    ({ service, answer }) =>
      service !== null && answer.kind === 'records' && records.every((each) => answer.records.includes(each)),
  )?.name;
}

function srvRecord({ target, port, priority, weight }: SrvData): Readonly<Record<string, unknown>> {
  return { Target: target, Port: port, Priority: priority, Weight: weight };
}

function hostReport(
  host: DomainName,
  { discovery, aliases }: ServerSight,
): Readonly<Record<string, unknown>> {
  const addresses = discovery.endpoints.flatMap((endpoint) =>
    endpoint.host.kind === 'name' && endpoint.host.name === host ? [endpoint.address] : [],
  );
  return { CName: aliases.get(host)?.at(-1) ?? host, Addrs: [...new Set(addresses)], Error: null };
}

function connectionReport(
  tls: TlsSight,
  keys: Extract<ServerKeys, { kind: 'keys' }>,
  { serverName, seenAt, discovery }: ServerSight,
): Readonly<Record<string, unknown>> {
  const good = keys.ed25519.every(({ wellFormed, signed }) => wellFormed && signed);
  const checks = {
    MatchingServerName: keys.serverName === serverName.text,
    FutureValidUntilTS: (keys.validUntil?.getTime() ?? 0) > seenAt.getTime(),
    HasEd25519Key: keys.ed25519.length > 0,
    AllEd25519ChecksOK: keys.ed25519.length === 0 ? null : good,
    Ed25519Checks: Object.fromEntries(
      keys.ed25519.map(({ id, wellFormed, signed }) => [
        id,
        { ValidEd25519: wellFormed, MatchingSignature: signed },
      ]),
    ),
    ValidCertificates: tls.namesMatch && tls.distrust === null,
  };
  const { MatchingServerName, FutureValidUntilTS, HasEd25519Key, AllEd25519ChecksOK, ValidCertificates } =
    checks;
  const all = [MatchingServerName, FutureValidUntilTS, HasEd25519Key, AllEd25519ChecksOK, ValidCertificates];
  return {
    Certificates: tls.chain.map(certificateReport),
    Cipher: { Version: tls.protocol.replace('v', ' '), CipherSuite: tls.cipher },
    Checks: { AllChecksOK: all.every((each) => each === true), ...checks },
    Errors: certificateErrors(tls, hostText(discovery.certName)),
    Ed25519VerifyKeys:
      keys.ed25519.length === 0 ? null : Object.fromEntries(keys.ed25519.map(({ id, key }) => [id, key])),
    Info: {},
    Keys: keys.document,
  };
}

function certificateErrors({ namesMatch, distrust }: TlsSight, name: string): Message[] {
  return [
    ...(namesMatch ? [] : [{ Message: `the certificate is not for ${name}` }]),
    ...(distrust === null ? [] : [{ Message: distrust }]),
  ];
}

function certificateReport({
  subject,
  issuer,
  sha256,
  names,
}: CertificateSight): Readonly<Record<string, unknown>> {
  return {
    SubjectCommonName: subject,
    IssuerCommonName: issuer,
    SHA256Fingerprint: Buffer.from(sha256, 'hex').toString('base64').replace(/=+$/, ''),
    DNSNames: names,
  };
}

function versionOf({ targets }: ServerSight): Readonly<Record<string, string>> {
  for (const { versionAnswer } of targets) {
    const server = serverVersion(versionAnswer);
    if (server !== null) return server;
  }
  return { error: 'no address answers /_matrix/federation/v1/version' };
}
