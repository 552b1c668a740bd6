import { certificateSight, plannedCertificate } from '../certificate-sight.ts';
import type { Config, SiteConfig } from '../config/config.ts';
import { DelegatedError } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { release } from '../release.ts';
import { type SiteReport, report } from '../report.ts';
import { rollback } from '../rollback.ts';
import { siteReport } from '../site-report.ts';
import { selectSites } from './select-sites.ts';
import { printReport, withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface RollbackFlags extends GlobalOptions {
  /** Id of a version. */
  readonly to?: string;
  readonly release?: boolean;
}

export async function rollbackCommand(name: string, flags: RollbackFlags, shell: Shell): Promise<number> {
  if (flags.release === true && flags.to !== undefined)
    throw new DelegatedError('E_USAGE', '--to and --release exclude each other', {
      hint: '--to goes back to a version, --release lets renewals go on',
    });
  return withSession(flags, shell, { lock: 'try' }, async ({ config, ports, ctx }) => {
    const done: SiteReport[] = [];
    for (const site of selectSites(config, [name]))
      done.push(
        flags.release === true
          ? await released(site, config, flags, ports, shell)
          : await rollback(site, flags.to ?? null, ports, ctx),
      );
    const tense = flags.release === true ? 'planned' : 'done';
    return printReport(report(done), tense, flags, shell, ports.clock.now());
  });
}

/** What comes next, now that nothing holds it off. */
async function released(
  site: SiteConfig,
  config: Config,
  flags: RollbackFlags,
  ports: Ports,
  shell: Shell,
): Promise<SiteReport> {
  const was = await release(site, ports);
  if (flags.json !== true && flags.quiet !== true)
    shell.err(`${site.serverName.text}: renewals ${was ? 'are held off no longer' : 'were not held off'}\n`);
  const sight = await certificateSight(site, config, ports);
  const certificate = sight === null ? null : { report: plannedCertificate(sight), version: sight.version };
  return siteReport(
    site,
    { records: null, certificate, deploy: null, wellKnown: null },
    [],
    ports.clock.now(),
  );
}
