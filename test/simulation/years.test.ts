/**
 * Ten years of one installation, with the real verbs, under a clock that jumps from event to event: every lifetime that
 * CAs issue or have announced, the daemon or cron, and a world in which everything goes wrong that can. All of it comes
 * from a seed; a failure tells how to see it again.
 */
import { DAY, HOUR } from './disasters.ts';
import { type Ending, simulate } from './simulate.ts';

const LIFETIMES: Readonly<Record<string, number>> = {
  '90': 90 * DAY,
  '64': 64 * DAY,
  '45': 45 * DAY,
  '6': 160 * HOUR,
};
/** `SEEDS=50` takes the seeds 1 to 50, `SEED=17 LIFETIME=45` that one alone, `YEARS=2` ends sooner. */
const { SEEDS = '1', SEED, LIFETIME, YEARS = '2', TALLY } = process.env;
const CHOSEN = SEED === undefined ? Array.from({ length: Number(SEEDS) }, (_, at) => at + 1) : [Number(SEED)];
const SPAN_MS = Number(YEARS) * 365.25 * DAY;

describe(`${YEARS} years in which everything goes wrong`, () => {
  for (const seed of CHOSEN)
    for (const [name, lifetimeMs] of Object.entries(LIFETIMES)) {
      if (LIFETIME !== undefined && LIFETIME !== name) continue;
      it(`leave certificates of ${name} days valid, the zones clean and the CA at peace (seed ${seed})`, async function years() {
        this.timeout(0);
        const before = process.cpuUsage().user;
        const ending = await simulate({ seed, lifetimeMs, spanMs: SPAN_MS });
        const seconds = (process.cpuUsage().user - before) / 1e6;
        if (TALLY !== undefined) process.stdout.write(`${tally(ending)}, ${seconds.toFixed(1)} s\n`);
        if (ending.failure !== null) throw failed(seed, name, ending);
      });
    }
});

function failed(seed: number, lifetime: string, { failure, history, machine }: Ending): Error {
  const years = YEARS === '2' ? '' : ` YEARS=${YEARS}`;
  const lines = [
    `${failure?.message} (${machine})`,
    '',
    `To see it again: SEED=${seed} LIFETIME=${lifetime}${years} npx mocha test/simulation/years.test.ts`,
    'What happened before it:',
    ...history,
  ];
  return new Error(lines.join('\n'), { cause: failure });
}

function tally({ machine, looks, deaths, orders, ideal, certificates, expiredMs }: Ending): string {
  const share = (orders / ideal).toFixed(3);
  return `${machine}: ${looks} looks, ${deaths} deaths, ${orders} orders (${share} of ideal), ${certificates} certificates, expired for ${(expiredMs / DAY).toFixed(2)} days`;
}
