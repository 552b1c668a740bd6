/**
 * Two years (less for the daemon, which looks every hour) of every lifetime that CAs issue or have announced, with the real verbs under a clock that jumps: cron jobs and
 * the daemon, with a CA that suggests and one that does not, and a CA that is out of order when it is needed.
 */
import assert from 'node:assert/strict';
import { createDaemon } from '../src/daemon.ts';
import { renew } from '../src/renew.ts';
import { trouble } from './support/faults.ts';
import {
  type Around,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SPAN_MS = 730 * DAY_MS;
const CADENCE_MS = 12 * HOUR_MS;
const SITE = site({ certificate: certificate() });
/** What is drawn is at most a fiftieth of the lifetime. */
const DRAWN = 1 / 50;

interface Lifetime {
  readonly name: string;
  readonly ms: number;
  /** The share of the lifetime that is kept as a reserve. */
  readonly reserve: number;
}

const LIFETIMES: readonly Lifetime[] = [
  { name: '90 days', ms: 90 * DAY_MS, reserve: 1 / 3 },
  { name: '64 days', ms: 64 * DAY_MS, reserve: 1 / 3 },
  { name: '45 days', ms: 45 * DAY_MS, reserve: 1 / 3 },
  { name: '160 hours', ms: 160 * HOUR_MS, reserve: 1 / 2 },
];

/** How much of its life each certificate had left when the next one came; nobody may ever see an expired one. */
function watch(world: World): { look: () => void; readonly left: readonly number[] } {
  const left: number[] = [];
  let known = 0;
  return {
    left,
    look() {
      const versions = world.versions.get('example.org') ?? [];
      const live = versions.at(-1);
      assert.ok(
        live !== undefined && live.facts.notAfter > world.clock.now(),
        'an expired certificate is live',
      );
      for (; known < versions.length - 1; known += 1) {
        const [old, next] = [versions[known], versions[known + 1]];
        assert.ok(old !== undefined && next !== undefined);
        left.push(old.facts.notAfter.getTime() - next.facts.notBefore.getTime());
      }
    },
  };
}

/** Who says nothing: the CA. Or it suggests a window that opens so far into the lifetime, and is a fiftieth of it wide. */
function suggestsAt(world: World, share: number | null): void {
  if (share === null) return;
  world.ca.suggest = () => {
    const facts = world.versions.get('example.org')?.at(-1)?.facts;
    assert.ok(facts !== undefined);
    const lifetime = facts.notAfter.getTime() - facts.notBefore.getTime();
    const start = new Date(facts.notBefore.getTime() + share * lifetime);
    return { window: { start, end: new Date(start.getTime() + lifetime * DRAWN) } };
  };
}

async function cron(world: World, around?: Around): Promise<readonly number[]> {
  const { look, left } = watch(world);
  for (const end = world.clock.now().getTime() + SPAN_MS; world.clock.now().getTime() < end;) {
    const options = { force: false, everyMs: CADENCE_MS };
    await renew([SITE], config(SITE), options, world.ports(around), ctx());
    look();
    world.clock.advance(CADENCE_MS);
    look();
  }
  assert.equal(world.ca.orders.length, left.length + 1, 'an order went to waste');
  return left;
}

/** Long enough for two renewals. */
async function daemon(world: World): Promise<readonly number[]> {
  const span = 2.2 * world.ca.lifetimeMs;
  const { look, left } = watch(world);
  const own = { locked: <T>(work: () => Promise<T>) => work(), onReport: () => undefined };
  const running = createDaemon(config(SITE), world.ports(), own, ctx());
  for (const end = world.clock.now().getTime() + span; world.clock.now().getTime() < end;) {
    await running.beat();
    look();
    const due = running.nextDue() ?? world.clock.now();
    world.clock.advance(Math.max(60_000, due.getTime() - world.clock.now().getTime()));
  }
  assert.equal(world.ca.orders.length, left.length + 1, 'an order went to waste');
  return left;
}

function assertBetween(left: readonly number[], least: number, most: number): void {
  assert.ok(left.length >= 2, `${left.length} renewals`);
  for (const each of left)
    assert.ok(
      each >= least && each <= most,
      `${each / DAY_MS} days were left, not ${least / DAY_MS} to ${most / DAY_MS}`,
    );
}

describe('two years of certificates', () => {
  for (const { name, ms, reserve } of LIFETIMES) {
    const ceiling = ms * reserve;
    const drawn = ms * DRAWN;

    it(`of ${name} are renewed by cron with their reserve left, where the CA suggests nothing`, async () => {
      const world = createWorld();
      world.ca.lifetimeMs = ms;
      assertBetween(await cron(world), ceiling - CADENCE_MS, ceiling + drawn);
      assert.deepEqual(world.warnings, []);
    });

    it(`of ${name} are renewed by the daemon to the minute, where the CA suggests nothing`, async () => {
      const world = createWorld();
      world.ca.lifetimeMs = ms;
      assertBetween(await daemon(world), ceiling - 60_000, ceiling + drawn);
    });

    it(`of ${name} are renewed by the daemon within the window of the CA`, async () => {
      const world = createWorld();
      world.ca.lifetimeMs = ms;
      suggestsAt(world, 0.45);
      assertBetween(await daemon(world), ms * (0.55 - DRAWN) - 60_000, ms * 0.55);
    });

    it(`of ${name} are renewed by cron before the window of the CA is over`, async () => {
      const world = createWorld();
      world.ca.lifetimeMs = ms;
      suggestsAt(world, 0.45);
      assertBetween(await cron(world), ms * (0.55 - DRAWN), ms * 0.55 + CADENCE_MS);
    });

    it(`of ${name} keep their reserve although the CA suggests to renew after the end`, async () => {
      const world = createWorld();
      world.ca.lifetimeMs = ms;
      suggestsAt(world, 2);
      assertBetween(await cron(world), ceiling - CADENCE_MS, ceiling + drawn);
    });

    it(`of ${name} survive a CA that is out of order for a fifth of the lifetime whenever one is due`, async () => {
      const world = createWorld();
      world.ca.lifetimeMs = ms;
      const outage = ms / 5;
      let downUntil = 0;
      let issued = 0;
      const around: Around = async (call, perform) => {
        const now = world.clock.now().getTime();
        if (!call.startsWith('acme.') || issued === 0) {
          if (call === 'store.commit') issued += 1;
          return perform();
        }
        if (call === 'acme.directory' && downUntil < now - outage) downUntil = now + outage;
        if (now < downUntil) throw trouble('E_ACME_UNREACHABLE');
        return perform();
      };
      const left = await cron(world, around);
      assertBetween(left, ceiling - outage - 2 * CADENCE_MS, ceiling + drawn);
      assert.ok(left.some((each) => each < ceiling - outage / 2));
    });
  }
});
