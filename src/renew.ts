/** Verb: everything for these sites: records, certificates that are due, deployment. What `delegated renew` does. */
import { certificateSight, plannedCertificate } from './certificate-sight.ts';
import type { Config, SiteConfig } from './config/config.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { type DelegatedError, asDelegatedError } from './errors.ts';
import { type Deployment, deploy, deployState } from './deploy.ts';
import { wantedNames } from './issuance.ts';
import { mapConcurrent } from './pool.ts';
import type { Ctx, Ports } from './ports.ts';
import type { ReconcileMode, ReconcileOptions } from './reconcile.ts';
import { reconcileRecords } from './reconcile-records.ts';
import { type DeployReport, type Report, certificateReport, report } from './report.ts';
import { publishWellKnown } from './publish-well-known.ts';
import { remember } from './remember.ts';
import { type CertificateOutcome, type RenewOptions, renewCertificate } from './renew-certificate.ts';
import { siteReport } from './site-report.ts';
import { standingEnd } from './standing-end.ts';
import { sweep } from './sweep.ts';

/** How many orders are open at the CA at once. */
const ORDERS_AT_ONCE = 4;

/** Never throws for one site's trouble; it is in the report. */
export async function renew(
  sites: readonly SiteConfig[],
  config: Config,
  options: RenewOptions,
  ports: Ports,
  ctx: Ctx,
): Promise<Report> {
  const swept = await sweepLeftovers(config, ports, ctx);
  const silent = new Set<string>();
  const certifying = mapConcurrent(sites, ORDERS_AT_ONCE, (site) =>
    renewCertificate(site, config, options, silent, ports, ctx),
  );
  // Beside the records: only a change that could cut federation waits for the certificate to be served.
  const deploying = certifying.then((outcomes) => deploy(deployable(sites, outcomes), ports, ctx));
  const [records, certificates, deployed] = await Promise.all([
    reconcileRecords(sites, 'apply', config, { force: options.force, ready: deploying }, ports, ctx),
    certifying,
    deploying,
  ]);
  const reports = await mapConcurrent(sites, ORDERS_AT_ONCE, async (site, index) => {
    const name = site.serverName.text;
    const certificate = certificates[index] ?? null;
    const deployment = deployed.get(name) ?? null;
    const ofRecords = records.get(name)?.errors ?? [];
    const errors = [
      ...ofRecords,
      ...withoutThose(certificate?.errors ?? [], ofRecords),
      ...(deployment?.errors ?? []),
      ...(swept.get(name) ?? []),
    ];
    const end = standingEnd(site, certificate?.report ?? null);
    // Nothing has failed yet, so it is no error of this run; but whoever reads its log has to act.
    if (end !== null) ctx.log.error(end.message, { site: name, hint: end.hint });
    const wellKnown = await publishWellKnown(site, 'apply', ports.webRoot).catch((thrown: unknown) => {
      add(errors, thrown);
      return null;
    });
    await remember(site, errors, certificate?.version?.facts ?? null, ports).catch((thrown: unknown) => {
      add(errors, thrown);
    });
    const parts = {
      records: records.get(name) ?? null,
      certificate,
      deploy: deployment?.report ?? null,
      wellKnown,
    };
    return siteReport(site, parts, errors, ports.clock.now());
  });
  return report(reports);
}

function deployable(
  sites: readonly SiteConfig[],
  outcomes: readonly (CertificateOutcome | null)[],
): Deployment[] {
  return outcomes.flatMap((outcome, index): Deployment[] => {
    const site = sites[index];
    if (site?.certificate == null || outcome?.version == null) return [];
    return [{ site, certificate: site.certificate, version: outcome.version }];
  });
}

/** Reconciles the records only: what `delegated sync` and `delegated adopt` do. */
export async function sync(
  sites: readonly SiteConfig[],
  mode: Exclude<ReconcileMode, 'plan'>,
  config: Config,
  options: Pick<ReconcileOptions, 'force'>,
  ports: Ports,
  ctx: Ctx,
): Promise<Report> {
  const records = await reconcileRecords(sites, mode, config, options, ports, ctx);
  return report(
    sites.map((site) => {
      const outcome = records.get(site.serverName.text) ?? null;
      const parts = { records: outcome, certificate: null, deploy: null, wellKnown: null };
      return siteReport(site, parts, outcome?.errors ?? [], ports.clock.now());
    }),
  );
}

/** What `renew` would do, changing nothing. */
export async function plan(
  sites: readonly SiteConfig[],
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<Report> {
  const [records, certificates] = await Promise.all([
    reconcileRecords(sites, 'plan', config, {}, ports, ctx),
    mapConcurrent(sites, ORDERS_AT_ONCE, (site) => planCertificate(site, config, ports)),
  ]);
  const reports = await mapConcurrent(sites, ORDERS_AT_ONCE, async (site, index) => {
    const outcome = records.get(site.serverName.text) ?? null;
    const certificate = certificates[index] ?? null;
    const end = standingEnd(site, certificate?.report ?? null);
    const errors = [
      ...(outcome?.errors ?? []),
      ...(certificate?.errors ?? []),
      ...(end === null ? [] : [end]),
    ];
    const deployment = await planDeploy(site, certificate, ports).catch((thrown: unknown) => {
      add(errors, thrown);
      return null;
    });
    const wellKnown = await publishWellKnown(site, 'plan', ports.webRoot).catch((thrown: unknown) => {
      add(errors, thrown);
      return null;
    });
    const parts = { records: outcome, certificate, deploy: deployment, wellKnown };
    return siteReport(site, parts, errors, ports.clock.now());
  });
  return report(reports);
}

/** A standing value that is not served is met by who publishes it and by who orders, and told once. */
function withoutThose(errors: readonly DelegatedError[], told: readonly DelegatedError[]): DelegatedError[] {
  return errors.filter(({ message }) => !told.some((other) => other.message === message));
}

/** A state file that cannot be read is met more than once, and told once. */
function add(errors: DelegatedError[], thrown: unknown): void {
  const error = asDelegatedError(thrown);
  if (!errors.some(({ message }) => message === error.message)) errors.push(error);
}

async function planCertificate(
  site: SiteConfig,
  config: Config,
  ports: Ports,
): Promise<CertificateOutcome | null> {
  try {
    const sight = await certificateSight(site, config, ports);
    return sight === null ? null : { report: plannedCertificate(sight), version: sight.version, errors: [] };
  } catch (thrown) {
    const names = wantedNames(site).map(relativeToRoot);
    const reason = 'what is known of it cannot be read';
    return {
      report: certificateReport({ action: 'fail', reason, names, next: null, ca: null }, null),
      version: null,
      errors: [asDelegatedError(thrown)],
    };
  }
}

async function planDeploy(
  site: SiteConfig,
  outcome: CertificateOutcome | null,
  ports: Ports,
): Promise<DeployReport | null> {
  if (site.certificate === null || outcome === null) return null;
  const state = await deployState(site, site.certificate, outcome.version, ports);
  return outcome.report.action === 'keep' || state.action === 'none' ? state : { ...state, action: 'deploy' };
}

/** Journals that no site will resume: the site is gone from the config, or its certificate is there already. */
async function sweepLeftovers(
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<ReadonlyMap<string, DelegatedError[]>> {
  const troubles = new Map<string, DelegatedError[]>();
  const open = await ports.state.openJournals().catch((thrown: unknown) => {
    // Nobody knows whose they are; records and deployment go on.
    const error = asDelegatedError(thrown);
    for (const { serverName } of config.sites) troubles.set(serverName.text, [error]);
    return [];
  });
  for (const lineage of open) {
    try {
      const site = config.sites.find(({ serverName }) => serverName.text === lineage);
      const sight = site === undefined ? null : await certificateSight(site, config, ports);
      if (sight?.decision.due === true) continue;
      await sweep(lineage, config, ports, ctx);
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      ctx.log.warn('cannot clean up after an interrupted run', { site: lineage, reason: error.message });
      troubles.set(lineage, [error]);
    }
  }
  return troubles;
}
