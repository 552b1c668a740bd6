/** What is known of a site's certificate without asking anybody: the disk, the state, and what the CA said last. */
import { certIdOf } from './certificate/cert-id.ts';
import { type RenewalDecision, decideRenewal, drawOf, windowKey } from './certificate/renewal-decision.ts';
import { certificateAuthoritiesOf } from './config/certificate-authorities-of.ts';
import type { AcmeConfig, CertificateConfig, Config, SiteConfig } from './config/config.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { wantedNames } from './issuance.ts';
import type { Ports, StoredVersion } from './ports.ts';
import { type CertificateReport, certificateReport } from './report.ts';
import type { KnownRenewalInfo, SiteState } from './schedule/state.ts';

/** What is known of a site's certificate, and what has to be done about it. */
export interface CertificateSight {
  readonly site: SiteConfig;
  readonly certificate: CertificateConfig;
  readonly version: StoredVersion | null;
  readonly decision: RenewalDecision;
  readonly state: SiteState;
  /** Directory URL of the CA that the live version is from, where that is known. */
  readonly issuedBy: string | null;
}

/**
 * Reads the live certificate and decides. Null for a site that manages records only.
 * @param config null where it does not matter what has changed in it: for what was just imported, or gone back to
 * @param nextLookMs milliseconds until the caller looks again; 0 for one that wakes at the very moment
 */
export async function certificateSight(
  site: SiteConfig,
  config: Pick<Config, 'acme'> | null,
  ports: Pick<Ports, 'clock' | 'state' | 'store'>,
  nextLookMs = 0,
): Promise<CertificateSight | null> {
  const { certificate } = site;
  if (certificate === null) return null;
  const found = await ports.store.read(site.serverName.text);
  const broken = found !== null && 'broken' in found ? found.broken : undefined;
  const version = found === null || 'broken' in found ? null : found;
  const state = await ports.state.readSite(site.serverName.text);
  const secret = version === null ? '' : await ports.state.secret();
  const known = version === null ? null : knownOf(version, state);
  const change = version === null || config === null ? null : profileChange(version, state, config.acme);
  const decision = decideRenewal({
    ...(change === null ? {} : { profileChange: change }),
    current: version?.facts ?? null,
    revoked: version !== null && version.id === state.revokedVersion,
    held: version !== null && version.id === state.heldVersion,
    ...(broken === undefined ? {} : { broken }),
    wanted: { names: wantedNames(site), keyType: certificate.keyType },
    now: ports.clock.now(),
    draw: version === null ? 0 : drawOf(secret, version.facts.sha256),
    ...(known?.window === undefined
      ? {}
      : {
          suggestion: { ...known.window, draw: drawOf(secret, windowKey(known.certId, known.window)) },
        }),
    nextLookMs,
  });
  const issuedBy = version === null ? null : originOf(version, state);
  const told = config === null ? decision : withNextCa(decision, issuedBy, config.acme);
  return { site, certificate, version, decision: told, state, issuedBy };
}

/** A profile is a word of the first CA, so what is from another one, or of unknown origin, has none to compare. */
function profileChange(
  version: StoredVersion,
  { issuedBy }: SiteState,
  { directoryUrl, profile }: AcmeConfig,
): { readonly from: string | null; readonly to: string | null } | null {
  const [from, to] = [issuedBy?.profile, profile ?? null];
  if (issuedBy?.version !== version.id || issuedBy.ca !== directoryUrl || from === undefined) return null;
  return from === to ? null : { from, to };
}

/** Another CA in the config is no reason to hurry, but whoever has changed it wants to see that it was understood. */
function withNextCa(decision: RenewalDecision, issuedBy: string | null, acme: AcmeConfig): RenewalDecision {
  const cas = certificateAuthoritiesOf(acme).map(({ directoryUrl }) => directoryUrl);
  if (decision.due || issuedBy === null || cas.includes(issuedBy)) return decision;
  const [was, next] = [new URL(issuedBy).host, new URL(acme.directoryUrl).host];
  return {
    ...decision,
    reason: `${decision.reason}; the next one is from ${next}, since the config no longer names ${was}`,
  };
}

/** What the CA said of this very certificate; what it said of an earlier one is nobody's business any more. */
export function knownOf({ facts }: StoredVersion, { renewalInfo }: SiteState): KnownRenewalInfo | null {
  return renewalInfo !== undefined && renewalInfo.certId === certIdOf(facts) ? renewalInfo : null;
}

/** Written down when it was issued; and a CA that suggests a window for a certificate knows it for its own. */
export function originOf(version: StoredVersion, state: SiteState): string | null {
  if (state.issuedBy?.version === version.id) return state.issuedBy.ca;
  const known = knownOf(version, state);
  return known?.window === undefined ? null : known.ca;
}

/** The certificate block of a report when nothing was done: what is there, and what comes next. */
export function plannedCertificate(sight: CertificateSight): CertificateReport {
  const { site, version, decision, issuedBy } = sight;
  const names = wantedNames(site).map(relativeToRoot);
  const action = decision.due ? (version === null ? 'issue' : 'renew') : 'keep';
  const held = !decision.due && decision.held === true;
  const reason = decision.due || held ? decision.reason : 'not due';
  return certificateReport({ action, reason, names, next: nextOf(sight), ca: issuedBy, held }, version);
}

/** The next renewal and its reason; null when it is due. */
export function nextOf(
  sight: Pick<CertificateSight, 'decision'> | null,
): { at: Date; reason: string } | null {
  if (sight === null || sight.decision.due) return null;
  const { at, reason } = sight.decision;
  return { at, reason };
}
