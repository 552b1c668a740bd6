/** What has to be true of the world, whatever befalls it. */
import type { StoredVersion } from '../../src/ports.ts';
import type { Report } from '../../src/report.ts';
import { mayOrder } from '../../src/schedule/ledger.ts';
import type { World } from '../support/fake-ports.ts';
import { type Authority, idealRenewal, reserveOf } from './authority.ts';
import type { WorldClock } from './clock.ts';
import { DAY, type Disasters, HOUR } from './disasters.ts';

export interface Invariants {
  /** Before each look. */
  before(): void;
  /** After each look; throws an error that says what is not so. */
  after(report: Report | null): void;
  /** Once, when all is over. */
  end(spanMs: number): void;
  tally(): Tally;
}

export interface Tally {
  readonly orders: number;
  readonly ideal: number;
  readonly certificates: number;
  /** How long an expired certificate was live, where nobody could have helped it. Milliseconds. */
  readonly expiredMs: number;
}

export interface InvariantOptions {
  readonly world: World;
  readonly clock: WorldClock;
  readonly disasters: Disasters;
  readonly authority: Authority;
  readonly lifetimeMs: number;
  readonly suggests: boolean;
  readonly periodMs: number;
  readonly everyMs: number;
  /** When the last process died; milliseconds since the start. */
  readonly lastDeath: () => number;
  /** What others have in the zones, as `snapshot` prints it. */
  readonly foreign: () => readonly string[];
}

const LINEAGE = 'example.org';
/** The longest pause of the backoff with its jitter, and what a run takes. */
const LONGEST_PAUSE_MS = 27 * HOUR;
const MARGIN = 0.02;
const MOST_ORDERS = 1.05;

export function createInvariants(options: InvariantOptions): Invariants {
  const { world, clock, disasters, authority, lifetimeMs, suggests, everyMs } = options;
  const calmMs = LONGEST_PAUSE_MS + options.periodMs;
  const origin = clock.trueNow().getTime() - clock.elapsed();
  let expiredMs = 0;
  let lastSeen = 0;
  let orders = 0;
  let liveBefore: StoredVersion | null = null;

  const live = (): StoredVersion | null => world.versions.get(LINEAGE)?.at(-1) ?? null;
  const isExpired = (version: StoredVersion | null): boolean =>
    version !== null && version.facts.notAfter <= clock.trueNow();
  const ours = (): string[] => world.challengeValues().filter((line) => !options.foreign().includes(line));

  /** Milliseconds since everything works that it needs. */
  const calmFor = (): number => {
    const since = disasters.calmSince();
    return since === null ? 0 : clock.elapsed() - Math.max(since, options.lastDeath());
  };

  /** When a certificate may be renewed at the earliest; milliseconds since the start. */
  const earliest = ({ facts }: StoredVersion): number => {
    const usual = idealRenewal(facts, lifetimeMs) - MARGIN * lifetimeMs - origin;
    const wanted = authority.issued().find((each) => each.facts.sha256 === facts.sha256)?.wantedSince;
    return Math.min(usual - (suggests ? everyMs : 0), wanted ?? Infinity);
  };

  const assertNoWaste = (): void => {
    for (; orders < world.ca.orders.length; orders += 1) {
      if (liveBefore === null) continue;
      const early = earliest(liveBefore) - clock.elapsed();
      if (early > 0)
        throw new Error(
          `order ${orders + 1} came ${days(early)} days before the certificate could be due, with a clock that is ${days(clock.ahead())} days ahead`,
        );
    }
  };

  const assertAlways = (): void => {
    if (authority.refusals.length > 0)
      throw new Error(`a published limit of the CA was reached: ${authority.refusals.join(', ')}`);
    const journaled = [...world.state.journals.values()].flatMap(({ challenges }) =>
      challenges.map(({ value }) => value),
    );
    for (const line of ours())
      if (!journaled.some((value) => line.endsWith(`"${value}"`)))
        throw new Error(`a challenge value stands in the zone that no journal knows: ${line}`);
    const snapshot = world.provider.snapshot();
    for (const line of options.foreign())
      if (!snapshot.includes(line)) throw new Error(`a record of others is gone or different: ${line}`);
  };

  /** After a calm that is longer than every pause of ours, nothing is left of any disaster. */
  const assertWell = (): void => {
    if (calmFor() < calmMs) return;
    const calm = `although nothing was wrong for ${days(calmFor())} days`;
    if (ours().length > 0) throw new Error(`challenge values stay behind ${calm}: ${ours().join(' ')}`);
    // An order that was lost keeps its journal until our own limit allows another one.
    if (world.state.journals.size > 0 && mayOrderNow()) throw new Error(`a journal stays open ${calm}`);
    const version = live();
    if (version === null) throw new Error(`there is no certificate ${calm}`);
    const overdue =
      clock.elapsed() - (idealRenewal(version.facts, lifetimeMs) + MARGIN * lifetimeMs - origin);
    if (isExpired(version)) throw new Error(`an expired certificate is live ${calm}`);
    if (overdue > calmMs && mayOrderNow())
      throw new Error(`the certificate is overdue for ${days(overdue)} days ${calm}`);
    if (world.homeserver.serves.get(`${LINEAGE}.`) !== version.facts.sha256)
      throw new Error(`the homeserver serves another certificate than the live one ${calm}`);
  };

  const mayOrderNow = (): boolean => {
    const [order] = world.ca.orders;
    return (
      order === undefined ||
      mayOrder(world.state.ledger, {
        ca: 'https://ca.test/directory',
        names: order.names,
        now: clock.trueNow(),
      }).allowed
    );
  };

  return {
    before() {
      liveBefore = live();
      if (isExpired(liveBefore)) expiredMs += clock.elapsed() - lastSeen;
      lastSeen = clock.elapsed();
      assertWell();
    },
    after(report) {
      assertAlways();
      assertNoWaste();
      assertWell();
      const bug = report?.sites.flatMap(({ errors }) => errors).find(({ code }) => code === 'E_BUG');
      if (bug !== undefined) throw new Error(`a bug: ${bug.message}`);
    },
    end(spanMs) {
      const ideal = idealOrders(spanMs);
      if (world.ca.orders.length > MOST_ORDERS * ideal)
        throw new Error(
          `${world.ca.orders.length} orders, ${ideal.toFixed(1)} would be ideal: ${(world.ca.orders.length / ideal).toFixed(3)} times as many`,
        );
    },
    tally: () => ({
      orders: world.ca.orders.length,
      ideal: idealOrders(clock.elapsed()),
      certificates: authority.issued().length,
      expiredMs,
    }),
  };

  /**
   * The orders of a client that nothing ever happens to: the first one, then one for each time that a certificate comes
   * to the middle of what is drawn for it (the CA's window, or the fiftieth of its lifetime before the ceiling). Cron
   * comes half a period before that moment where the CA suggests, and half a period after it where it does not. And one
   * for each certificate that the CA wants back early.
   */
  function idealOrders(spanMs: number): number {
    const backdated = HOUR;
    const drawn = suggests ? MARGIN * lifetimeMs * 0.75 : MARGIN * lifetimeMs * 0.5;
    const cadence = suggests ? -everyMs / 2 : everyMs / 2;
    const interval = lifetimeMs - reserveOf(lifetimeMs) - backdated - drawn + cadence;
    return 1 + spanMs / interval + authority.incidents();
  }
}

function days(ms: number): string {
  return (ms / DAY).toFixed(2);
}
