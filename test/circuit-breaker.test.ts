/**
 * Nothing that we do may have a CA lock an operator out. What is counted here is what the CA sees, by its own clock: our
 * clock is set forth and back, processes die, and validations fail as often as they are tried.
 */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { SiteConfig } from '../src/config/config.ts';
import { under } from '../src/dns/domain-name.ts';
import { asDelegatedError } from '../src/errors.ts';
import { assertRefused } from './conformance/expectations.ts';
import { diesAt } from './support/dies-at.ts';
import { count, fails, trouble } from './support/faults.ts';
import {
  type Around,
  CHALLENGE,
  EXAMPLE,
  type World,
  certificate,
  createWorld,
  site,
} from './support/fake-ports.ts';
import { BOTH, WILDCARD, issueOnce } from './support/run-issue.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ONE = site({ certificate: certificate() });
const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((label) =>
  site({ certificate: certificate({ names: [under(label, EXAMPLE)] }) }),
);
const SITES: readonly SiteConfig[] = [ONE, BOTH, ...others].map((each, index) => ({
  ...each,
  // A lineage each, and one name that they all share.
  serverName: { ...each.serverName, text: `site-${index}.example` },
}));

/** The CA finds nothing, since the values are gone when it looks. */
function unseen(world: World): Around {
  return async (call, perform) => {
    if (call === 'acme.respond') world.provider.erase({ name: CHALLENGE, type: 'TXT' });
    return perform();
  };
}

/** How many of the sorted moments lie within such a span, at most. */
function most(moments: readonly number[], within: number): number {
  const sorted = moments.toSorted((a, b) => a - b);
  return Math.max(
    0,
    ...sorted.map((from, index) => sorted.findLastIndex((at) => at < from + within) - index + 1),
  );
}

function assertCaps(world: World): void {
  const { orders } = world.ca;
  const failures = orders.flatMap(({ authorizations }) => authorizations);
  for (const name of new Set(failures.map((each) => each.name))) {
    const times = failures.flatMap((each) =>
      each.name === name && each.failedAt !== undefined ? [each.failedAt] : [],
    );
    assert.ok(most(times, HOUR) <= 4, `${name} failed ${most(times, HOUR)} times in an hour`);
  }
  for (const set of new Set(orders.map(({ names }) => names.toSorted().join()))) {
    const times = orders
      .filter(({ names }) => names.toSorted().join() === set)
      .map(({ placedAt }) => placedAt);
    assert.ok(most(times, DAY) <= 2, `${most(times, DAY)} orders in a day`);
    assert.ok(most(times, 7 * DAY) <= 4, `${most(times, 7 * DAY)} orders in 7 days`);
  }
}

describe('failed validations', () => {
  it('stop at 4 in an hour for one name, whichever certificates it is in, before the CA is asked', async () => {
    const world = createWorld();
    const apex = SITES.filter(({ certificate: of }) => of?.names.includes(WILDCARD) !== true);
    for (const each of apex.slice(0, 4))
      await assertRefused(issueOnce({ world, site: each, around: unseen(world) }), 'E_ACME_AUTHORIZATION');
    const asked = count(world, 'acme.newOrder');
    const error = await assertRefused(
      issueOnce({ world, site: apex[4] ?? ONE, around: unseen(world) }),
      'E_ACME_LEDGER',
    );
    assert.match(error.message, /^example\.org failed at the CA too often within an hour/);
    assert.match(error.hint ?? '', /--force/);
    assert.equal(count(world, 'acme.newOrder'), asked);
    assert.ok(error.retry.kind === 'at');
    world.clock.advance(error.retry.at.getTime() - world.clock.now().getTime());
    await issueOnce({ world, site: apex[4] ?? ONE });
  });

  it('count for a name and its wildcard as two', async () => {
    const world = createWorld();
    for (let each = 0; each < 2; each += 1)
      await assertRefused(issueOnce({ world, around: unseen(world) }), 'E_ACME_AUTHORIZATION');
    await assertRefused(issueOnce({ world, site: ONE }), 'E_ACME_LEDGER');
  });

  it('do not stop who insists', async () => {
    const world = createWorld();
    for (let each = 0; each < 6; each += 1)
      await assertRefused(issueOnce({ world, around: unseen(world), force: true }), 'E_ACME_AUTHORIZATION');
    assert.equal(world.ca.orders.length, 6);
  });

  it('are not what validations that went well count as, however many', async () => {
    const world = createWorld();
    for (const each of SITES) await issueOnce({ world, site: each });
    assert.equal(world.ca.issued.length, SITES.length);
  });

  it('count although nobody lived to see them, before a challenge of a resumed order is answered', async () => {
    const world = createWorld();
    const waiting = SITES[2] ?? ONE;
    const { around, died } = diesAt(1, 'after', (call) => call === 'provider.apply');
    await Promise.race([died, issueOnce({ world, site: waiting, around })]);
    for (const each of SITES.slice(3, 7)) {
      const unseenOnce = unseen(world);
      const { around: dies, died: dead } = diesAt(1, 'after', (call) => call === 'acme.respond');
      const both: Around = (call, perform) => dies(call, () => unseenOnce(call, perform));
      await Promise.race([dead, issueOnce({ world, site: each, around: both })]);
    }
    const answers = count(world, 'acme.respond');
    await assertRefused(issueOnce({ world, site: waiting }), 'E_ACME_LEDGER');
    assert.equal(count(world, 'acme.respond'), answers);
  });

  it('are written down when the next run finds them, and once', async () => {
    const world = createWorld();
    const { around, died } = diesAt(2, 'after', (call) => call === 'acme.respond');
    const hides = unseen(world);
    await Promise.race([
      died,
      issueOnce({ world, around: (call, perform) => around(call, () => hides(call, perform)) }),
    ]);
    await world.ca.client().order(world.ca.orders[0]?.url ?? '', { signal: new AbortController().signal });
    const away = fails('acme.newOrder', trouble('E_ACME_UNREACHABLE'), 2);
    for (let each = 0; each < 2; each += 1)
      await assertRefused(issueOnce({ world, around: away }), 'E_ACME_UNREACHABLE');
    const failed = world.state.entries.filter(({ challenges }) => challenges === 'failed');
    assert.deepEqual(
      failed.map(({ names, order }) => [names, order]),
      [[[WILDCARD, EXAMPLE], world.ca.orders[0]?.url]],
    );
  });
});

describe('our own limits', () => {
  it('count an order from when it is placed, although it was meant to be placed long before', async () => {
    const world = createWorld();
    const away = fails('acme.newOrder', trouble('E_ACME_UNREACHABLE'));
    await assertRefused(issueOnce({ world, around: away }), 'E_ACME_UNREACHABLE');
    world.clock.advance(25 * HOUR);
    for (let each = 0; each < 2; each += 1)
      await assertRefused(issueOnce({ world, around: unseen(world) }), 'E_ACME_AUTHORIZATION');
    world.clock.advance(2 * HOUR);
    await assertRefused(issueOnce({ world, around: unseen(world) }), 'E_ACME_LEDGER');
    assertCaps(world);
  });

  it('hold whatever the clock says, whoever dies, and however many ask at once', async () => {
    const step = fc.record({
      sites: fc.uniqueArray(fc.nat(SITES.length - 1), { minLength: 1, maxLength: 4 }),
      wait: fc.oneof(fc.nat(20 * MINUTE), fc.nat(30 * HOUR)),
      set: fc.oneof(fc.constant(0), fc.integer({ min: -3 * DAY, max: 3 * DAY })),
      dies: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 60 })),
      sees: fc.integer({ min: 0, max: 4 }).map((draw) => draw === 0),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const world = createWorld();
        for (const { sites, wait, set, dies, sees } of steps) {
          world.clock.advance(wait);
          world.clock.set(set);
          const looks: Around = sees ? (_, perform) => perform() : unseen(world);
          const death = dies === null ? null : diesAt(dies, 'after', (call) => !call.startsWith('clock.'));
          const around: Around = (call, perform) =>
            death === null ? looks(call, perform) : death.around(call, () => looks(call, perform));
          const runs = sites.map(async (index) => {
            await issueOnce({ world, site: SITES[index] ?? ONE, around }).catch((thrown: unknown) => {
              assert.notEqual(asDelegatedError(thrown).code, 'E_BUG', String(thrown));
            });
          });
          await Promise.race([Promise.all(runs), ...(death === null ? [] : [death.died])]);
        }
        assertCaps(world);
      }),
      { numRuns: 60 },
    );
  });
});
