import assert from 'node:assert/strict';
import type { Config } from '../src/config/config.ts';
import { type Daemon, createDaemon } from '../src/daemon.ts';
import type { Report } from '../src/report.ts';
import { problem } from './support/fake-ca.ts';
import { count, fails, trouble } from './support/faults.ts';
import {
  type Around,
  MATRIX,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
  srv,
} from './support/fake-ports.ts';
import { tenants } from './support/sites.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RECORDS = site();
const WHOLE = site({ certificate: certificate() });

interface Running {
  readonly daemon: Daemon;
  readonly reports: Report[];
  /** The server names that the last beat worked on. */
  readonly beat: () => Promise<string[]>;
}

interface Options {
  readonly settings?: Config;
  readonly around?: Around;
  readonly locked?: <T>(work: () => Promise<T>) => Promise<T | null>;
  readonly signal?: AbortSignal;
}

function start(world: World, options: Options = {}): Running {
  const { settings = config(RECORDS), around, locked = (work) => work(), signal } = options;
  const reports: Report[] = [];
  const onReport = (report: Report): void => void reports.push(report);
  const ports = world.ports(around);
  const daemon = createDaemon(settings, ports, { locked, onReport }, { ...ctx(signal), log: ports.log });
  return {
    daemon,
    reports,
    async beat() {
      const before = reports.length;
      await daemon.beat();
      return reports.slice(before).flatMap(({ sites }) => sites.map(({ serverName }) => serverName));
    },
  };
}

/** The CA is out of reach, and the disk takes no state. */
const awayAndFull: Around = async (call, perform) => {
  if (call === 'acme.directory') throw trouble('E_ACME_UNREACHABLE');
  if (call === 'state.writeSite') throw trouble('E_STATE');
  return perform();
};

describe('the daemon', () => {
  it('looks at every site at its first beat, and then at the records every hour', async () => {
    const world = createWorld();
    const { beat, daemon } = start(world);
    assert.equal(daemon.nextDue(), null);
    assert.deepEqual(await beat(), ['example.org']);
    const due = daemon.nextDue()?.getTime() ?? 0;
    assert.equal(due - world.clock.now().getTime(), HOUR_MS);
    world.clock.advance(HOUR_MS - 1);
    assert.deepEqual(await beat(), []);
    world.clock.advance(1);
    assert.deepEqual(await beat(), ['example.org']);
  });

  it('wakes at the moment from which a target is not published any more, and takes it away', async () => {
    const world = createWorld();
    const until = new Date(world.clock.now().getTime() + 7 * MINUTE_MS);
    const sites = [site({ srv: [srv(MATRIX), { ...srv(MATRIX, 443), until }] })];
    const { beat, daemon } = start(world, { settings: config(...sites) });
    await beat();
    assert.deepEqual(daemon.nextDue(), until);
    const records = (): number => world.provider.snapshot().filter((line) => line.includes(' SRV ')).length;
    assert.equal(records(), 2);
    world.clock.advance(until.getTime() - world.clock.now().getTime());
    assert.deepEqual(await beat(), ['example.org']);
    assert.equal(records(), 1);
    assert.equal((daemon.nextDue()?.getTime() ?? 0) - world.clock.now().getTime(), HOUR_MS);
  });

  it('looks at once when the clock was set back: what it planned may be a year away', async () => {
    const world = createWorld();
    const { beat } = start(world);
    world.clock.advance(365 * 24 * HOUR_MS);
    await beat();
    world.clock.advance(-365 * 24 * HOUR_MS);
    assert.deepEqual(await beat(), ['example.org']);
    assert.deepEqual(await beat(), []);
  });

  it('wakes for the end of a target although the site fails, and waits for a CA', async () => {
    const world = createWorld();
    const until = new Date(world.clock.now().getTime() + 30 * MINUTE_MS);
    const sites = [site({ srv: [srv(MATRIX), { ...srv(MATRIX, 443), until }], certificate: certificate() })];
    const around = fails('acme.newOrder', problem('caa', 403, 'newOrder'), Infinity);
    const { beat, daemon } = start(world, { settings: config(...sites), around });
    await beat();
    assert.equal(world.state.sites.get('example.org')?.failures, 1);
    assert.deepEqual(daemon.nextDue(), until);
  });

  it('looks at the records daily although the CA waits for a person for weeks', async () => {
    const world = createWorld();
    const sites = [site({ certificate: certificate() })];
    const settings = config(...sites);
    await start(world, { settings }).beat();
    world.clock.advance(61 * 24 * HOUR_MS);
    const around = fails('acme.newOrder', problem('userActionRequired', 403, 'newOrder'), Infinity);
    const { beat, daemon } = start(world, { settings, around });
    await beat();
    assert.equal((daemon.nextDue()?.getTime() ?? 0) - world.clock.now().getTime(), 24 * HOUR_MS);
    const orders = count(world, 'acme.newOrder');
    world.clock.advance(24 * HOUR_MS);
    assert.deepEqual(await beat(), ['example.org']);
    assert.equal(count(world, 'acme.newOrder'), orders, 'the CA was asked');
  });

  it('does not even take the lock while nothing is due', async () => {
    const world = createWorld();
    let locks = 0;
    const { beat } = start(world, {
      locked: (work) => {
        locks += 1;
        return work();
      },
    });
    await beat();
    await beat();
    assert.equal(locks, 1);
  });

  it('wakes for a renewal that comes due before the next look at the records', async () => {
    const world = createWorld();
    const { beat, daemon } = start(world, { settings: config(WHOLE) });
    world.ca.lifetimeMs = HOUR_MS;
    await beat();
    const due = daemon.nextDue() ?? world.clock.now();
    assert.ok(
      due.getTime() - world.clock.now().getTime() <= HOUR_MS / 2,
      'half of a short life is the reserve',
    );
    world.clock.advance(due.getTime() - world.clock.now().getTime());
    await beat();
    assert.equal(world.ca.issued.length, 2);
  });

  it('backs off from a site that fails, and from that one only', async () => {
    const world = createWorld();
    const settings = config(...tenants(3));
    const around = fails('acme.newOrder', trouble('E_ACME_PROBLEM'), 2);
    const { beat, reports } = start(world, { settings, around });
    await beat();
    const [failed] = reports[0]?.sites.filter(({ ok }) => !ok) ?? [];
    assert.equal(reports[0]?.sites.filter(({ ok }) => ok).length, 1);
    assert.deepEqual(await beat(), []);
    world.clock.advance(2 * MINUTE_MS);
    const again = await beat();
    assert.equal(again.length, 2);
    assert.ok(again.includes(failed?.serverName ?? ''));
  });

  it('tries again later and later', async () => {
    const world = createWorld();
    const around = fails('provider.readRRsets', trouble('E_PROVIDER_FORBIDDEN'), Infinity);
    const { beat, daemon } = start(world, { around });
    const pauses: number[] = [];
    for (let failure = 0; failure < 4; failure += 1) {
      await beat();
      const due = daemon.nextDue()?.getTime() ?? 0;
      pauses.push(Math.round((due - world.clock.now().getTime()) / MINUTE_MS));
      world.clock.advance(due - world.clock.now().getTime());
    }
    assert.deepEqual(pauses, [1, 10, 100, 24 * 60]);
  });

  it('does not believe a pause that a clock wrote which ran ahead, when it cannot write another one', async () => {
    const world = createWorld();
    const later = (days: number): Date => new Date(world.clock.now().getTime() + days * 24 * HOUR_MS);
    const lastError = { at: later(299), code: 'E_ACME_UNREACHABLE', message: 'away' } as const;
    world.state.sites.set('example.org', { failures: 4, lastError, retryAt: later(300) });
    const { beat, daemon } = start(world, { around: awayAndFull });
    await beat();
    assert.equal((daemon.nextDue()?.getTime() ?? 0) - world.clock.now().getTime(), HOUR_MS);
  });

  it('leaves a site whose state cannot be read for an hour, instead of trying it at every beat', async () => {
    const world = createWorld();
    const { beat } = start(world, { around: fails('state.readSite', trouble('E_STATE'), Infinity) });
    assert.deepEqual(await beat(), ['example.org']);
    assert.deepEqual(await beat(), []);
  });

  it('comes back at the next beat while somebody else holds the lock', async () => {
    const world = createWorld();
    let busy = true;
    const { beat } = start(world, { locked: async (work) => (busy ? null : work()) });
    assert.deepEqual(await beat(), []);
    assert.equal(world.calls.length, 0);
    busy = false;
    assert.deepEqual(await beat(), ['example.org']);
  });

  it('drops a beat that comes while one is at work', async () => {
    const world = createWorld();
    const { daemon, reports } = start(world);
    await Promise.all([daemon.beat(), daemon.beat(), daemon.beat()]);
    assert.equal(reports.length, 1);
  });

  it('survives a beat that throws', async () => {
    const world = createWorld();
    let broken = true;
    const { beat } = start(world, {
      locked: async (work) => {
        if (!broken) return work();
        broken = false;
        throw trouble('E_STATE');
      },
    });
    assert.deepEqual(await beat(), []);
    assert.deepEqual(world.warnings, ['trouble']);
    assert.deepEqual(await beat(), ['example.org']);
  });

  it('does nothing any more once it was stopped', async () => {
    const world = createWorld();
    const { beat } = start(world, { signal: AbortSignal.abort() });
    assert.deepEqual(await beat(), []);
    assert.equal(world.calls.length, 0);
  });
});

describe('a new config', () => {
  it('has every site looked at again, with the ports that came with it', async () => {
    const world = createWorld();
    const { daemon, beat } = start(world);
    await beat();
    const next = createWorld();
    daemon.reconfigure(config(RECORDS, site({ name: 'other.example.org' })), next.ports());
    assert.equal(daemon.nextDue(), null);
    world.calls.length = 0;
    assert.deepEqual(await beat(), ['example.org', 'other.example.org']);
    assert.equal(count(next, 'provider.apply'), 2);
    assert.deepEqual(world.calls, []);
  });

  it('that comes while a beat is at work is not taken for looked at', async () => {
    const world = createWorld();
    const changed = config(site({ ttl: 60 }));
    let reconfigure: (() => void) | undefined;
    const around: Around = async (call, perform) => {
      if (call === 'provider.apply') reconfigure?.();
      return perform();
    };
    const { daemon, beat } = start(world, { around });
    reconfigure = () => {
      reconfigure = undefined;
      daemon.reconfigure(changed, world.ports());
    };
    await beat();
    assert.deepEqual(await beat(), ['example.org']);
    assert.ok(world.provider.snapshot().some((line) => line.includes(' 60 IN SRV ')));
  });
});
