import type { Config } from '../config/config.ts';
import { createSystemClock } from '../io/clock.ts';
import { createSystemDice } from '../io/dice.ts';
import { createStateStore } from '../io/state-store.ts';
import type { Log } from '../ports.ts';
import { renew } from '../renew.ts';
import { selectSites } from './select-sites.ts';
import { printReport, withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface RenewFlags extends GlobalOptions {
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly every?: number;
}

export async function renewCommand(
  names: readonly string[],
  flags: RenewFlags,
  shell: Shell,
): Promise<number> {
  const lock = flags.wait === true ? 'wait' : 'try';
  const confirm = async (config: Config, log: Log): Promise<void> => {
    if (flags.force !== true || flags.dryRun === true) return;
    const { confirmForce } = await import('./confirm-force.ts');
    const clock = createSystemClock();
    const state = createStateStore(config.state, { clock, dice: createSystemDice() });
    await confirmForce(selectSites(config, names), config.acme.directoryUrl, { clock, state }, shell, log);
  };
  return withSession(flags, shell, { lock, confirm, onlyLooks: flags.dryRun === true }, async (context) => {
    const { config, ports, ctx } = context;
    const sites = selectSites(config, names);
    const options = {
      force: flags.force === true,
      insist: names.length > 0,
      ...(flags.every === undefined ? {} : { everyMs: flags.every }),
    };
    const done =
      flags.dryRun === true
        ? await (await import('./rehearse.ts')).rehearse(sites, context, shell)
        : await renew(sites, config, options, ports, ctx);
    if (context.notifier !== null && flags.dryRun !== true) {
      const { announce } = await import('../announce.ts');
      await announce(done, await context.notifier(), ports, ctx);
    }
    return printReport(done, flags.dryRun === true ? 'planned' : 'done', flags, shell, ports.clock.now());
  });
}
