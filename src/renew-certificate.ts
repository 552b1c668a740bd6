/** Verb: the certificate of one site, if it is due. */
import { certIdOf } from './certificate/cert-id.ts';
import { urgencyOf } from './certificate/urgency.ts';
import { type CertificateSight, certificateSight, nextOf, plannedCertificate } from './certificate-sight.ts';
import { certificateAuthoritiesOf } from './config/certificate-authorities-of.ts';
import type { Config, SiteConfig } from './config/config.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { type DelegatedError, asDelegatedError } from './errors.ts';
import { type IssueOptions, type Replaced, wantedNames } from './issuance.ts';
import { issueAtAny } from './issue-at-any.ts';
import { type SilentCas, learnRenewalInfo } from './learn-renewal-info.ts';
import type { Ctx, Ports, StoredVersion } from './ports.ts';
import { release } from './release.ts';
import { type CertificateReport, certificateReport } from './report.ts';

export interface RenewOptions {
  /** Renew although nothing is due, and go past the ledger. */
  readonly force: boolean;
  /** Somebody named these very sites. */
  readonly insist?: boolean;
  /** Milliseconds until the caller looks again. Default: it wakes at the moment that it is told. */
  readonly everyMs?: number;
}

export interface CertificateOutcome {
  readonly report: CertificateReport;
  /** What is live now, whether or not the renewal worked. */
  readonly version: StoredVersion | null;
  readonly errors: readonly DelegatedError[];
}

/** Never throws; whatever goes wrong is in the outcome. Null for a site that manages records only. */
export async function renewCertificate(
  site: SiteConfig,
  config: Config,
  options: RenewOptions,
  silent: SilentCas,
  ports: Ports,
  ctx: Ctx,
): Promise<CertificateOutcome | null> {
  const names = wantedNames(site).map(relativeToRoot);
  const errors: DelegatedError[] = [];
  let sight: CertificateSight | null = null;
  let reason = 'what is known of it cannot be read';
  try {
    if (options.force) await release(site, ports);
    sight = await certificateSight(site, config, ports, options.everyMs);
    if (sight === null) return null;
    if (!sight.decision.due && !options.force)
      sight = await withNews(sight, config, options, silent, errors, ports, ctx);
    const { decision } = sight;
    if (!decision.due && !options.force)
      return { report: plannedCertificate(sight), version: sight.version, errors };
    reason = decision.due ? decision.reason : 'forced';
    if (decision.due && decision.holdDropped === true) ctx.log.warn(reason, { site: site.serverName.text });
    const replaces = replacedBy(sight);
    const issueOptions: IssueOptions = {
      force: options.force,
      insist: options.insist === true,
      suggested: decision.due && decision.suggested === true,
      isDueAt: async (now) =>
        options.force || (await sightAt(now, site, config, options, ports))?.decision.due === true,
      ...(replaces !== null && { replaces }),
      ...(sight.version !== null && { current: sight.version.facts }),
    };
    const outcome = await issueAtAny(site, sight.certificate, config, issueOptions, ports, ctx);
    if ('errors' in outcome) {
      if (isOnlyEarly(sight, outcome.errors)) {
        ctx.log.warn('the CA would like another certificate sooner than our limit of orders allows', {
          site: site.serverName.text,
          reason: outcome.errors[0].message,
        });
        return outcomeOf('keep', sight, reason, names, errors);
      }
      alarm(sight, ports, ctx);
      return outcomeOf('fail', sight, reason, names, [...outcome.errors, ...errors]);
    }
    const { version, ca } = outcome;
    const after = await settle(site, version, ca, config, silent, errors, ports, ctx);
    const action = sight.version === null ? 'issue' : 'renew';
    const report = certificateReport({ action, reason, names, next: nextOf(after), ca }, version);
    return { report, version, errors };
  } catch (thrown) {
    alarm(sight, ports, ctx);
    return outcomeOf('fail', sight, reason, names, [...errors, asDelegatedError(thrown)]);
  }
}

/** What the sight would be if it were then. */
function sightAt(
  now: Date,
  site: SiteConfig,
  config: Config,
  { everyMs }: RenewOptions,
  ports: Ports,
): Promise<CertificateSight | null> {
  return certificateSight(site, config, { ...ports, clock: { ...ports.clock, now: () => now } }, everyMs);
}

/** The sight after the CA was asked, where it was time to ask it. What fails here keeps nothing from being renewed. */
async function withNews(
  sight: CertificateSight,
  config: Config,
  options: RenewOptions,
  silent: SilentCas,
  errors: DelegatedError[],
  ports: Ports,
  ctx: Ctx,
): Promise<CertificateSight> {
  try {
    if (!(await learnRenewalInfo(sight, config, silent, ports, ctx))) return sight;
    return (await certificateSight(sight.site, config, ports, options.everyMs)) ?? sight;
  } catch (thrown) {
    errors.push(asDelegatedError(thrown));
    return sight;
  }
}

/** Writes down where the new version is from, and asks at once when it is to be renewed (RFC 9773 §4.3). */
async function settle(
  site: SiteConfig,
  version: StoredVersion,
  ca: string,
  config: Config,
  silent: SilentCas,
  errors: DelegatedError[],
  ports: Ports,
  ctx: Ctx,
): Promise<CertificateSight | null> {
  try {
    const {
      heldVersion: _held,
      setbacks: _setbacks,
      ...state
    } = await ports.state.readSite(site.serverName.text);
    const settings = certificateAuthoritiesOf(config.acme).find(({ directoryUrl }) => directoryUrl === ca);
    const issuedBy = { version: version.id, ca, profile: settings?.profile ?? null };
    await ports.state.writeSite(site.serverName.text, { ...state, issuedBy });
    const sight = await certificateSight(site, config, ports);
    if (sight === null) return null;
    return await withNews(sight, config, { force: false }, silent, errors, ports, ctx);
  } catch (thrown) {
    errors.push(asDelegatedError(thrown));
    return null;
  }
}

/** RFC 9773 §5: from the CA that is asked, and for at least one of the names. */
function replacedBy({ site, version, issuedBy }: CertificateSight): Replaced | null {
  const certId = version === null ? null : certIdOf(version.facts);
  if (version === null || certId === null || issuedBy === null) return null;
  const names = wantedNames(site);
  return version.facts.names.some((name) => names.includes(name)) ? { certId, ca: issuedBy } : null;
}

/** The CA suggests, our ledger decides; while the lifetime asks for nothing, that is no failure. */
function isOnlyEarly({ decision }: CertificateSight, errors: readonly DelegatedError[]): boolean {
  return errors.every(({ code }) => code === 'E_ACME_LEDGER') && decision.due && decision.suggested === true;
}

/** Said anew at every failed attempt, louder as the end comes nearer: the log is what most monitors watch. */
function alarm(sight: CertificateSight | null, ports: Ports, ctx: Ctx): void {
  if (sight?.version == null) return;
  const { notAfter } = sight.version.facts;
  const urgency = urgencyOf(sight.version.facts, ports.clock.now());
  if (urgency === 'none' || urgency === 'expired') return;
  const [level, share] =
    urgency === 'urgent' ? (['error', 'twentieth'] as const) : (['warn', 'sixth'] as const);
  ctx.log[level](
    `less than a ${share} of the lifetime of the certificate is left, and it cannot be renewed`,
    {
      site: sight.site.serverName.text,
      notAfter: notAfter.toISOString(),
    },
  );
}

/** Nothing new: what is live stays. */
function outcomeOf(
  action: 'keep' | 'fail',
  sight: CertificateSight | null,
  reason: string,
  names: string[],
  errors: readonly DelegatedError[],
): CertificateOutcome {
  const { version = null, issuedBy = null } = sight ?? {};
  return {
    report: certificateReport({ action, reason, names, next: null, ca: issuedBy }, version),
    version,
    errors,
  };
}
