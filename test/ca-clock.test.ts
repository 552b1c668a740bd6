import assert from 'node:assert/strict';
import type { Directory } from '../src/acme/directory.ts';
import { requireRightClock } from '../src/ca-clock.ts';
import { renew } from '../src/renew.ts';
import { assertRefused } from './conformance/expectations.ts';
import {
  type Around,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const URL = 'https://ca.test/directory';
const SITE = site({ certificate: certificate() });

async function codes(world: World, around?: Around): Promise<readonly string[]> {
  const report = await renew([SITE], config(SITE), { force: false }, world.ports(around), ctx());
  return report.sites.flatMap(({ errors }) => errors.map(({ code }) => code));
}

/** Dies with the order ready. */
const stop: Around = async (call, perform) => {
  if (call === 'acme.finalize') throw new Error('the end');
  return perform();
};

async function judge(clockAheadMs: number | undefined, isDueByTheirs: boolean): Promise<Date[]> {
  const { clock } = createWorld();
  const directory: Directory = {
    newNonce: URL,
    newAccount: URL,
    newOrder: URL,
    externalAccountRequired: false,
    ...(clockAheadMs !== undefined && { clockAheadMs }),
  };
  const asked: Date[] = [];
  const isDueAt = async (now: Date): Promise<boolean> => {
    asked.push(now);
    return isDueByTheirs;
  };
  await requireRightClock(directory, URL, { isDueAt }, { clock });
  return asked;
}

describe('a clock that is compared with the CA’s', () => {
  it('is right where they agree within minutes, and where the CA tells none', async () => {
    for (const ahead of [undefined, 0, 10 * MINUTE_MS, -10 * MINUTE_MS])
      assert.deepEqual(await judge(ahead, false), []);
  });

  it('that is hours off orders what is due by the CA’s clock as well', async () => {
    for (const ahead of [HOUR_MS, -HOUR_MS, DAY_MS]) {
      const [asked] = await judge(ahead, true);
      assert.equal(asked?.getTime(), createWorld().clock.now().getTime() - ahead);
      await assertRefused(judge(ahead, false), 'E_ACME_CLOCK');
    }
  });

  it('that is more than a day off orders nothing, and is told which way', async () => {
    const ahead = await assertRefused(judge(31 * DAY_MS, true), 'E_ACME_CLOCK');
    assert.match(ahead.message, /our clock is 31 days ahead of that of the CA/);
    const behind = await assertRefused(judge(-30 * HOUR_MS, true), 'E_ACME_CLOCK');
    assert.match(behind.message, /our clock is 30 hours behind that of the CA/);
  });
});

describe('renewing with a clock that is ahead', () => {
  it('by a year makes no attempt of it, and keeps what is live', async () => {
    const world = createWorld();
    await codes(world);
    world.clock.advance(365 * DAY_MS);
    world.ca.clockAheadMs = () => 365 * DAY_MS;
    assert.deepEqual(await codes(world), ['E_CERTIFICATE_EXPIRED', 'E_ACME_CLOCK']);
    assert.deepEqual([world.ca.orders.length, world.state.ledger.length], [1, 1]);
  });

  it('by hours renews when it is due by the CA’s clock, and not before', async () => {
    const world = createWorld();
    await codes(world);
    // Due after 58.2 to 60 days.
    world.clock.advance(58 * DAY_MS + 20 * HOUR_MS);
    world.ca.clockAheadMs = () => 20 * HOUR_MS;
    while ((await codes(world)).length === 0 && world.ca.orders.length === 1) world.clock.advance(HOUR_MS);
    assert.deepEqual([await codes(world), world.ca.orders.length], [['E_ACME_CLOCK'], 1]);
    world.clock.advance(20 * HOUR_MS);
    assert.deepEqual([await codes(world), world.ca.orders.length], [[], 2]);
  });

  it('neither goes on with the order of an interrupted run', async () => {
    const world = createWorld();
    await codes(world, stop);
    world.ca.clockAheadMs = () => 365 * DAY_MS;
    assert.deepEqual(await codes(world), ['E_ACME_CLOCK']);
    assert.equal(world.state.journals.size, 1);
    world.ca.clockAheadMs = undefined;
    assert.deepEqual([await codes(world), world.ca.orders.length], [[], 1]);
  });
});
