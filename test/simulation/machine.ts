/** The machine that keeps the certificate: the daemon, woken each minute, or a cron job. */
import type { Config, SiteConfig } from '../../src/config/config.ts';
import { createDaemon, type Daemon } from '../../src/daemon.ts';
import type { Ctx } from '../../src/ports.ts';
import { renew } from '../../src/renew.ts';
import type { Report } from '../../src/report.ts';
import type { WorldClock } from './clock.ts';
import { HOUR } from './disasters.ts';
import type { Process } from './process.ts';
import { drawAt } from './random.ts';

export interface Machine {
  /** Null when it died, or found nothing to do. */
  look(): Promise<Report | null>;
  /** When it looks next if nothing changes; milliseconds since the start. */
  nextLook(): number;
  /** The last of its looks before that moment, if they go on as in a calm time; never before `nextLook`. */
  lastLookBefore(moment: number): number;
  /** How far apart its looks are when there is nothing to do. Milliseconds. */
  readonly periodMs: number;
  /** What it tells `--every`; 0 for the daemon. */
  readonly everyMs: number;
}

export interface MachineOptions {
  readonly site: SiteConfig;
  readonly config: Config;
  readonly clock: WorldClock;
  readonly open: () => Process;
  /** Of what is wrong in the world; milliseconds since the start. */
  readonly nextChange: () => number;
  readonly ctx: (process: Process) => Ctx;
}

const MINUTE = 60_000;
/** Two systems start a job a little late, and never at the same second. */
const JITTER_MS = 5 * MINUTE;

export function createDaemonMachine({ config, clock, open, ctx, nextChange }: MachineOptions): Machine {
  let running: { readonly process: Process; readonly daemon: Daemon } | null = null;
  let report: Report | null = null;

  const start = (): { readonly process: Process; readonly daemon: Daemon } => {
    const process = open();
    const own = {
      locked: <T>(work: () => Promise<T>): Promise<T> => work(),
      onReport: (each: Report) => void (report = each),
    };
    return { process, daemon: createDaemon(config, process.ports, own, ctx(process)) };
  };

  const nextLook = (): number => {
    const due = running?.daemon.nextDue() ?? clock.wall();
    const wait = Math.max(1, due.getTime() - clock.wall().getTime());
    // A clock that is set meanwhile makes it due sooner; a beat with nothing due does nothing.
    const next = Math.min(clock.elapsed() + wait, Math.max(clock.elapsed() + 1, nextChange()));
    return Math.ceil(next / MINUTE) * MINUTE;
  };

  return {
    periodMs: HOUR,
    everyMs: 0,
    async look() {
      running ??= start();
      const { process, daemon } = running;
      report = null;
      if ((await process.run(() => daemon.beat())) === 'died') running = null;
      return report;
    },
    nextLook,
    lastLookBefore(moment) {
      const next = nextLook();
      return next + Math.max(0, Math.ceil((moment - next) / HOUR) - 1) * HOUR;
    },
  };
}

export function createCronMachine(
  { site, config, clock, open, ctx }: MachineOptions,
  everyMs: number,
  seed: number,
): Machine {
  const offset = drawAt(seed, -1) * everyMs;
  const moment = (index: number): number =>
    Math.round(index * everyMs + offset + drawAt(seed, index) * JITTER_MS);
  const nextLook = (): number => {
    const index = Math.floor((clock.elapsed() - offset) / everyMs);
    return [index, index + 1, index + 2].map(moment).find((each) => each > clock.elapsed()) ?? Infinity;
  };

  return {
    periodMs: everyMs,
    everyMs,
    async look() {
      const process = open();
      const options = { force: false, everyMs };
      const end = await process.run(() => renew([site], config, options, process.ports, ctx(process)));
      return end === 'died' ? null : end.done;
    },
    nextLook,
    lastLookBefore(limit) {
      const index = Math.floor((limit - offset) / everyMs);
      return [index, index - 1].map(moment).find((each) => each < limit && each > nextLook()) ?? nextLook();
    },
  };
}
