import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rehearsalSettings } from '../config/certificate-authorities-of.ts';
import type { AcmeConfig, Config, SiteConfig } from '../config/config.ts';
import { DelegatedError, asDelegatedError } from '../errors.ts';
import { issue } from '../issue.ts';
import { accountDirectory } from '../io/acme/account-directory.ts';
import type { AcmeClient, Ctx, Ports } from '../ports.ts';
import { plan } from '../renew.ts';
import { type Report, type SiteReport, errorReport, report } from '../report.ts';
import { rehearsalPorts } from '../rehearse-first.ts';
import type { Context } from './context.ts';
import type { Shell } from './shell.ts';

/**
 * `renew --dry-run`: the plan, and a whole issuance at the CA's staging directory whose certificate is thrown away. No
 * record, certificate, ledger entry or site state is written (an account with an external binding is kept). Challenge values are, for some seconds, since without
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
  const staging: Config = { ...config, acme: rehearsalSettings(config.acme, directoryUrl) };
  const throwaway = await mkdtemp(join(tmpdir(), 'delegated-rehearsal-'));
  // A CA may take a binding for one account only. Which ones do is not verified; keeping the account is right for all.
  const folder =
    staging.acme.eab === undefined ? throwaway : accountDirectory(config.state, staging.acme.directoryUrl);
  const acme = await context.openAcme(staging.acme, folder);
  try {
    const unbound = await unboundError(staging.acme, acme, ctx);
    if (unbound !== null)
      return report(
        planned.sites.map((each, index) =>
          sites[index]?.certificate == null ? each : failed(each, unbound),
        ),
      );
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
    await rm(throwaway, { recursive: true, force: true });
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
    return failed(before, asDelegatedError(thrown));
  }
}

function failed(before: SiteReport, error: DelegatedError): SiteReport {
  return { ...before, ok: false, errors: [...before.errors, errorReport(error)] };
}

/** Why the staging will have no account of ours; null where nothing speaks against it, or it cannot be asked. */
async function unboundError(
  { eab, directoryUrl }: AcmeConfig,
  acme: AcmeClient,
  ctx: Ctx,
): Promise<DelegatedError | null> {
  if (eab !== undefined) return null;
  const directory = await acme.directory(ctx).catch(() => null);
  if (directory?.externalAccountRequired !== true) return null;
  return new DelegatedError(
    'E_ACME_ACCOUNT',
    `${directoryUrl} takes no account without an external binding, so the order was not rehearsed`,
    {
      hint: 'set `acme.stagingEab` to a key id and HMAC key that the CA gave you for its staging; `acme.eab` is for the CA itself and is not sent there',
    },
  );
}
