/** Writes down what befalls the world and what is done about it, for whoever has to find out why a seed fails. */
import type { Log } from '../../src/ports.ts';
import type { Report } from '../../src/report.ts';
import type { World } from '../support/fake-ports.ts';
import type { WorldClock } from './clock.ts';
import { DAY, type Disaster, type Disasters } from './disasters.ts';
import { createHistory } from './history.ts';

export interface Chronicle {
  readonly log: Log;
  note(text: string): void;
  /** Before and after each look. */
  before(): void;
  after(report: Report | null): void;
  lines(): readonly string[];
}

const silent = (): void => undefined;

export function createChronicle(world: World, clock: WorldClock, disasters: Disasters): Chronicle {
  const history = createHistory(() => stamp(clock));
  let active: readonly Disaster[] = [];
  const tell = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    history.note(`  ${level}: ${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`);
  };

  return {
    log: { debug: silent, info: tell('info'), warn: tell('warn'), error: tell('error') },
    note: (text) => history.note(text),
    before() {
      const now = disasters.now();
      for (const each of active) if (!now.includes(each)) history.note(`over: ${each.kind}`);
      for (const each of now)
        if (!active.includes(each))
          history.note(`begins: ${nameOf(each)}, for ${((each.to - each.from) / DAY).toFixed(2)} days`);
      active = now;
    },
    after(report) {
      for (const { certificate, deploy, errors } of report?.sites ?? []) {
        const done = [
          ...(certificate === null || certificate.action === 'keep'
            ? []
            : [`${certificate.action}: ${certificate.reason}`]),
          ...(deploy === null || deploy.action === 'keep' ? [] : [`deploy: ${deploy.action}`]),
          ...errors.map(({ code, message }) => `${code}: ${message}`),
          ...(world.state.journals.size > 0 ? ['a journal is open'] : []),
        ];
        if (done.length > 0) history.note(`${done.join('; ')} (${world.ca.orders.length} orders so far)`);
      }
    },
    lines: () => history.lines(),
  };
}

function nameOf(disaster: Disaster): string {
  return disaster.kind === 'ca-down' ? `ca-down (${disaster.how})` : disaster.kind;
}

/** The true time, and how far the wall clock is off. */
function stamp(clock: WorldClock): string {
  const off = clock.ahead();
  const wrong = off === 0 ? '' : ` (clock ${off > 0 ? '+' : ''}${(off / DAY).toFixed(2)} d)`;
  return `day ${(clock.elapsed() / DAY).toFixed(3).padStart(8)} ${clock.trueNow().toISOString().slice(0, 16)}${wrong}`;
}
