import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config, SiteConfig } from '../config/config.ts';
import { asDelegatedError } from '../errors.ts';
import { issue } from '../issue.ts';
import type { Ports } from '../ports.ts';
import { plan } from '../renew.ts';
import { type Report, type SiteReport, errorReport, report } from '../report.ts';
import { rehearsalPorts } from '../rehearse-first.ts';
import type { Context } from './context.ts';
import type { Shell } from './shell.ts';

/**
 * `renew --dry-run`: the plan, and a whole issuance at the CA's staging directory whose certificate is thrown away. No
 * record, certificate, ledger entry or site state is written. Challenge values are, for some seconds, since without
 * them there is nothing to rehearse; their journal is kept meanwhile, so that a crash leaves none behind.
 */
export async function rehearse(
  sites: readonly SiteConfig[],
  context: Context,
  shell: Shell,
): Promise<Report> {
  const { config, ports, ctx } = context;
  const planned = await plan(sites, config, ports, ctx);
  const directoryUrl = config.acme.stagingDirectoryUrl;
  if (directoryUrl === null) {
    shell.err(
      `${config.acme.directoryUrl} has no staging directory that we know of, so the order was not rehearsed; set acme.staging\n`,
    );
    return planned;
  }
  const staging: Config = { ...config, acme: { ...config.acme, directoryUrl } };
  const accountDirectory = await mkdtemp(join(tmpdir(), 'delegated-rehearsal-'));
  const acme = await context.openAcme(staging.acme, accountDirectory);
  try {
    const rehearsing = { ...rehearsalPorts(ports), acme: () => Promise.resolve(acme) };
    const reports: SiteReport[] = [];
    for (const { serverName, persist } of sites)
      if (persist !== undefined)
        shell.err(
          `${serverName.text}: the order was not rehearsed; the account at ${directoryUrl} is another one than that of the standing value\n`,
        );
    for (const [index, site] of sites.entries()) {
      const before = planned.sites[index];
      if (before === undefined) continue;
      reports.push(
        site.certificate === null || site.persist !== undefined
          ? before
          : await rehearseSite(site, before, staging, rehearsing, context),
      );
    }
    return report(reports);
  } finally {
    acme.close();
    await rm(accountDirectory, { recursive: true, force: true });
  }
}

async function rehearseSite(
  site: SiteConfig,
  before: SiteReport,
  staging: Config,
  ports: Ports,
  { ctx }: Context,
): Promise<SiteReport> {
  if (site.certificate === null) return before;
  try {
    await issue(site, site.certificate, staging, { force: true }, ports, ctx);
    ports.progress(site.serverName.text, 'the rehearsal went well');
    return before;
  } catch (thrown) {
    const errors = [...before.errors, errorReport(asDelegatedError(thrown))];
    return { ...before, ok: false, errors };
  }
}
