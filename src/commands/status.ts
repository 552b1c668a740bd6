import { type DelegatedError, asDelegatedError } from '../errors.ts';
import { plan } from '../renew.ts';
import { type SiteReport, errorReport, report } from '../report.ts';
import type { SiteState } from '../schedule/state.ts';
import { selectSites } from './select-sites.ts';
import { printReport, withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

/** What is there, and how the last run ended. A record that drifted, or a deployment that is owed, is not "ok". */
export async function statusCommand(
  names: readonly string[],
  flags: GlobalOptions,
  shell: Shell,
): Promise<number> {
  return withSession(flags, shell, { lock: 'none' }, async ({ config, ports, ctx }) => {
    const sites = selectSites(config, names);
    const planned = await plan(sites, config, ports, ctx);
    const stated = await Promise.all(
      planned.sites.map((site) =>
        ports.state.readSite(site.serverName).then(
          (history) => withHistory(site, history),
          (thrown: unknown) => withoutHistory(site, asDelegatedError(thrown)),
        ),
      ),
    );
    return printReport(report(stated), 'planned', flags, shell, ports.clock.now());
  });
}

/** The others have theirs all the same. */
function withoutHistory(site: SiteReport, error: DelegatedError): SiteReport {
  const told = site.errors.some(({ code, message }) => code === error.code && message === error.message);
  return { ...site, ok: false, errors: told ? site.errors : [...site.errors, errorReport(error)] };
}

function withHistory(site: SiteReport, { lastSuccess, lastError, retryAt }: SiteState): SiteReport {
  // A deployment that is still owed for a certificate that is there: issued, but not proven to be served.
  const owed = site.deploy?.action === 'deploy' && site.certificate?.action === 'keep';
  const drifted = site.records.some(({ action }) => action !== 'keep');
  const stale = site.wellKnown?.action === 'write';
  return {
    ...site,
    ok: site.ok && !drifted && !stale && !owed && lastError === undefined,
    deploy: site.deploy !== null && owed ? { ...site.deploy, action: 'fail' } : site.deploy,
    lastSuccess: lastSuccess?.toISOString() ?? null,
    lastError:
      lastError === undefined
        ? null
        : {
            ...lastError,
            at: lastError.at.toISOString(),
            ...(retryAt === undefined ? {} : { retryAt: retryAt.toISOString() }),
          },
  };
}
