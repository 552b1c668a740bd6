/** When to run which verb. The heartbeat comes from outside; what is due is decided here, one site at a time. */
import type { Config, SiteConfig } from './config/config.ts';
import { asDelegatedError } from './errors.ts';
import type { Ctx, Ports } from './ports.ts';
import { certificateSight } from './certificate-sight.ts';
import { nextEnd } from './matrix/delegation.ts';
import { renew } from './renew.ts';
import type { Report } from './report.ts';

/** How often the records of a site are compared with the config when nothing else happens. Milliseconds. */
const RECONCILE_INTERVAL_MS = 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;

export interface DaemonPorts {
  /** Runs the work under the lock of the state directory; null when somebody else holds it just now. */
  readonly locked: <T>(work: () => Promise<T>) => Promise<T | null>;
  /** Told of every run, while its lock is held. */
  readonly onReport: (report: Report) => Promise<void> | void;
}

export interface Daemon {
  /** Does what is due now. Beats that come while one is at work are dropped. */
  beat(): Promise<void>;
  /** Takes a new config for the next beat. Every site is looked at again. */
  reconfigure(config: Config, ports: Ports): void;
  /** The earliest moment at which something comes due, as far as known. */
  nextDue(): Date | null;
}

/** When a site is looked at next, and when that was decided. */
interface Look {
  readonly at: Date;
  readonly since: Date;
}

/** A clock that was set back since then was wrong, and a moment of its making may be a year away. */
function isTime(look: Look | undefined, now: Date): boolean {
  return look === undefined || look.at <= now || now < look.since;
}

export function createDaemon(first: Config, firstPorts: Ports, own: DaemonPorts, ctx: Ctx): Daemon {
  let config = first;
  let ports = firstPorts;
  let busy = false;
  let due = new Map<string, Look>();

  const dueSites = (): SiteConfig[] => {
    const now = ports.clock.now();
    return config.sites.filter(({ serverName }) => isTime(due.get(serverName.text), now));
  };

  const work = async (): Promise<void> => {
    const sites = dueSites();
    if (sites.length === 0) return;
    // A new config that comes meanwhile has moments and ports of its own.
    const [looks, settings, mine] = [due, config, ports];
    const report = await own.locked(async () => {
      const done = await renew(sites, settings, { force: false }, mine, ctx);
      await own.onReport(done);
      return done;
    });
    // Somebody else is at it; what they leave undone is due at the next beat.
    if (report === null) return;
    for (const site of sites) {
      const at = await nextLook(site, settings, mine);
      looks.set(site.serverName.text, { at, since: mine.clock.now() });
    }
  };

  return {
    async beat() {
      if (busy || ctx.signal.aborted) return;
      busy = true;
      try {
        await work();
      } catch (thrown) {
        const error = asDelegatedError(thrown);
        ctx.log.error(error.message, { code: error.code, hint: error.hint, cause: error.cause });
      } finally {
        busy = false;
      }
    },
    reconfigure(next, nextPorts) {
      config = next;
      ports = nextPorts;
      due = new Map();
    },
    nextDue() {
      const moments = [...due.values()].map(({ at }) => at.getTime());
      return moments.length === 0 ? null : new Date(Math.min(...moments));
    },
  };
}

/** The end of a target, or before that: after a failure the backoff, else the renewal or the next look at the records. */
async function nextLook(site: SiteConfig, config: Config, ports: Ports): Promise<Date> {
  const now = ports.clock.now();
  const look = new Date(now.getTime() + RECONCILE_INTERVAL_MS);
  try {
    const { failures, retryAt, lastError } = await ports.state.readSite(site.serverName.text);
    // An error of the future was dated by a clock that was wrong, and so was what to do about it.
    const isOfThisClock = lastError === undefined || lastError.at <= now;
    const end = nextEnd(site.srv, now);
    // What a person has planned is not put off by a failure, nor are the records for as long as a CA wants to be left alone.
    if (failures > 0)
      return earliest(
        retryAt !== undefined && isOfThisClock ? retryAt : look,
        end,
        new Date(now.getTime() + DAY_MS),
      );
    const sight = await certificateSight(site, config, ports);
    const renewal = sight?.decision.due === false ? sight.decision.at : look;
    return earliest(look, renewal, end);
  } catch {
    // The report has told of it already; a site whose state is broken must not be tried at every beat.
    return look;
  }
}

function earliest(...moments: readonly (Date | null)[]): Date {
  return new Date(Math.min(...moments.flatMap((moment) => (moment === null ? [] : [moment.getTime()]))));
}
