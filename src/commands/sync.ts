import { plan, sync } from '../renew.ts';
import { selectSites } from './select-sites.ts';
import { printReport, withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface SyncFlags extends GlobalOptions {
  readonly force?: boolean;
}

export async function syncCommand(names: readonly string[], flags: SyncFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'try' }, async ({ config, ports, ctx }) => {
    const done = await sync(
      selectSites(config, names),
      'apply',
      config,
      { force: flags.force === true },
      ports,
      ctx,
    );
    return printReport(done, 'done', flags, shell, ports.clock.now());
  });
}

/** Shows what stands there before it takes it over, so that the terminal's history has what was lost. */
export async function adoptCommand(name: string, flags: SyncFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'try' }, async ({ config, ports, ctx }) => {
    const sites = selectSites(config, [name]);
    if (flags.json !== true) {
      const [before] = (await plan(sites, config, ports, ctx)).sites;
      for (const record of before?.records ?? [])
        shell.err(`${record.name} ${record.type} is now: ${record.before?.join(', ') ?? '(nothing)'}\n`);
    }
    const done = await sync(sites, 'adopt', config, { force: flags.force === true }, ports, ctx);
    return printReport(done, 'done', flags, shell, ports.clock.now());
  });
}

export interface PlanFlags extends GlobalOptions {
  readonly exitCode?: boolean;
}

const CHANGES_PENDING = 10;

export async function planCommand(names: readonly string[], flags: PlanFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'none' }, async ({ config, ports, ctx }) => {
    const planned = await plan(selectSites(config, names), config, ports, ctx);
    const code = await printReport(planned, 'planned', flags, shell, ports.clock.now());
    if (code !== 0 || flags.exitCode !== true) return code;
    const pending = planned.sites.some(
      ({ records, certificate, deploy, wellKnown }) =>
        records.some(({ action }) => action !== 'keep') ||
        (certificate !== null && certificate.action !== 'keep') ||
        deploy?.action === 'deploy' ||
        wellKnown?.action === 'write',
    );
    return pending ? CHANGES_PENDING : 0;
  });
}
