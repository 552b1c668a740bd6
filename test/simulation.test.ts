/**
 * A machine may lose its power at any moment. So one run of `renew` is killed at each call of a port in turn, before
 * and after the call does its work, and another run has to make everything well.
 */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { exitCode, type Report } from '../src/report.ts';
import { renew } from '../src/renew.ts';
import type { ErrorCode } from '../src/errors.ts';
import { diesAt } from './support/dies-at.ts';
import { type Around, type World, config, createWorld, ctx } from './support/fake-ports.ts';
import { trouble } from './support/faults.ts';
import { BOTH } from './support/run-issue.ts';

/** More calls than any run makes; only against a walk that never ends. */
const MOST_CALLS = 400;
/** What our own limit allows in a day. */
const MOST_ORDERS = 2;

function run(world: World, around?: Around): Promise<Report> {
  return renew([BOTH], config(BOTH), { force: false }, world.ports(around), ctx());
}

/** Runs until the death or the end. */
async function runUntilDeath(
  world: World,
  n: number,
  when: 'before' | 'after',
): Promise<'died' | 'finished'> {
  // Time is not of the world: killing somebody who sleeps is killing him before his next call.
  const { around, died } = diesAt(n, when, (call) => !call.startsWith('clock.'));
  return Promise.race([died.then(() => 'died' as const), run(world, around).then(() => 'finished' as const)]);
}

/** What is true at every moment, whoever died. */
function assertSafe(world: World, unheard = 0): void {
  assert.ok(world.ca.live().length <= 1 + unheard, 'more than one order lives');
  assert.ok(world.state.ledger.length <= MOST_ORDERS, 'our own limit of orders does not hold');
  assert.ok(
    world.ca.orders.length <= world.state.ledger.length,
    'there is an order that the ledger does not know',
  );
  const live = [...world.versions.values()].flat();
  for (const { material, facts } of live)
    assert.equal(
      world.certificates.mismatch(material, facts.names, world.clock.now()),
      null,
      'a stored pair differs',
    );
}

/** What is true when a run ended well. */
function assertWell(world: World, unheard = 0): void {
  assertSafe(world, unheard);
  assert.equal(world.ca.live().length, unheard, 'an order stayed open');
  assert.deepEqual(world.challengeValues(), [], 'challenge values stayed behind');
  assert.equal(world.state.journals.size, 0, 'a journal stayed open');
  assert.equal(world.ca.issued.length, 1, 'not exactly one certificate was issued');
  const [version, ...more] = world.versions.get('example.org') ?? [];
  assert.ok(version !== undefined && more.length === 0, 'not exactly one version is stored');
  assert.equal(world.homeserver.serves.get('example.org.'), version.facts.sha256, 'it is not what is served');
  assert.equal(world.provider.snapshot().length, 2, 'the record and its mark stand');
}

describe('a run that dies', () => {
  for (const when of ['before', 'after'] as const)
    for (const listsOrders of [true, false])
      it(`${when} any call is made well by the next one, at a CA that lists ${listsOrders ? '' : 'no '}orders`, async () => {
        for (let n = 1; n < MOST_CALLS; n += 1) {
          const world = createWorld();
          world.ca.listsOrders = listsOrders;
          const end = await runUntilDeath(world, n, when);
          const lastCall = world.calls.at(-1);
          try {
            // The one moment that a CA without a list leaves open: it has the order, and we never wrote down which. Then
            // that order stays pending there, beside another one that counts as well.
            const journal = world.state.journals.get('example.org');
            const unheard =
              !listsOrders &&
              journal !== undefined &&
              journal.orderUrl === undefined &&
              world.ca.orders.length > 0;
            assertSafe(world);
            const report = await run(world);
            assert.equal(exitCode(report), 0, JSON.stringify(report.sites[0]?.errors));
            assertWell(world, unheard ? 1 : 0);
            if (unheard) assert.deepEqual([world.ca.orders.length, world.state.ledger.length], [2, 2]);
          } catch (thrown) {
            throw new Error(`killed ${when} call ${n}, ${lastCall ?? 'none'}`, { cause: thrown });
          }
          if (end === 'finished') return;
        }
        assert.fail(`a run makes more than ${MOST_CALLS} calls`);
      });

  it('twice in a row is made well by the third one, or has our own limit reached', async () => {
    const call = fc.integer({ min: 1, max: 100 });
    const when = fc.constantFrom('before', 'after');
    await fc.assert(
      fc.asyncProperty(call, when, call, when, async (first, firstWhen, second, secondWhen) => {
        const world = createWorld();
        world.ca.listsOrders = true;
        await runUntilDeath(world, first, firstWhen);
        await runUntilDeath(world, second, secondWhen);
        assertSafe(world);
        const report = await run(world);
        assertSafe(world);
        if (report.ok) assertWell(world);
        else
          assert.deepEqual(
            report.sites[0]?.errors.map(({ code }) => code),
            ['E_ACME_LEDGER'],
          );
        assert.deepEqual(world.challengeValues(), []);
      }),
    );
  });
});

/** What each port says when the disk does not take or give what it should. */
const DISK: Readonly<Record<string, ErrorCode>> = {
  state: 'E_STATE',
  store: 'E_CERTIFICATE_STORE',
  outputs: 'E_OUTPUT',
};

/** The n-th call that needs the disk is refused, alone or with all that follow, before or after it did its work. */
function refusesAt(
  n: number,
  on: 'once' | 'onwards',
  when: 'before' | 'after',
): [Around, () => number, () => string | undefined] {
  let calls = 0;
  let first: string | undefined;
  const around: Around = async (call, perform) => {
    const code = DISK[call.split('.')[0] ?? ''];
    if (code === undefined) return perform();
    calls += 1;
    if (on === 'once' ? calls !== n : calls < n) return perform();
    first ??= call;
    if (when === 'after') await perform();
    throw trouble(code);
  };
  return [around, () => calls, () => first];
}

describe('a run whose disk is broken', () => {
  for (const on of ['once', 'onwards'] as const)
    for (const when of ['before', 'after'] as const)
      it(`${on} (${when} the call did its work) is made well by the next one`, async () => {
        for (let n = 1; n < MOST_CALLS; n += 1) {
          const world = createWorld();
          world.ca.listsOrders = true;
          const [around, calls, refused] = refusesAt(n, on, when);
          try {
            const hurt = await run(world, around);
            assertSafe(world);
            // Without the list each site is asked for by its name.
            const harmless = on === 'once' && refused() === 'state.openSwitches';
            if (calls() >= n && !harmless)
              assert.ok([3, 5].includes(exitCode(hurt)), `exit code ${exitCode(hurt)}`);
            assert.equal(exitCode(await run(world)), 0);
            assertWell(world);
          } catch (thrown) {
            throw new Error(`refused call ${n}, ${world.calls.at(-1) ?? 'none'}`, { cause: thrown });
          }
          if (calls() < n) return;
        }
        assert.fail(`a run makes more than ${MOST_CALLS} calls`);
      });

  it('for days is not kept from ordering when it is well again', async () => {
    const writes = ['state.writeJournal', 'state.appendLedger', 'state.writeSite', 'store.commit'];
    for (const refused of writes) {
      const world = createWorld();
      world.ca.listsOrders = true;
      for (let day = 0; day < 5; day += 1) {
        await run(world, async (call, perform) => {
          if (call === refused) throw trouble('E_STATE');
          return perform();
        });
        assertSafe(world);
      }
      assert.equal(exitCode(await run(world)), 0, `after ${refused} was refused five times`);
      assertWell(world);
      assert.equal(world.state.ledger.length, 1, `${refused} costs attempts`);
    }
  });
});
