import assert from 'node:assert/strict';
import { createDaemon } from '../src/daemon.ts';
import { release } from '../src/release.ts';
import { plan, renew } from '../src/renew.ts';
import type { Report, SiteReport } from '../src/report.ts';
import { exitCode, report } from '../src/report.ts';
import { rollback } from '../src/rollback.ts';
import { assertRefused } from './conformance/expectations.ts';
import {
  type Around,
  EXAMPLE,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';
import { fails, trouble } from './support/faults.ts';

const DAY_MS = 24 * 3_600_000;
const SITE = site({ certificate: certificate() });
const NAME = 'example.org';

/** Two versions of 90 days, the second one made on day 70 of the first. */
async function twoVersions(): Promise<World> {
  const world = createWorld();
  await run(world);
  world.clock.advance(70 * DAY_MS);
  await run(world);
  assert.equal(world.ca.issued.length, 2);
  return world;
}

function run(world: World, force = false, wanted = SITE): Promise<Report> {
  const ports = world.ports();
  return renew([wanted], config(wanted), { force }, ports, { ...ctx(), log: ports.log });
}

function back(world: World, to: string | null = null, around?: Around): Promise<SiteReport> {
  return rollback(SITE, to, world.ports(around), ctx());
}

function versionOf(world: World, index: number): { readonly id: string; readonly sha256: string } {
  const version = world.versions.get(NAME)?.[index];
  assert.ok(version !== undefined);
  return { id: version.id, sha256: version.facts.sha256 };
}

async function only(reported: Promise<Report>): Promise<SiteReport> {
  const [found] = (await reported).sites;
  assert.ok(found !== undefined);
  return found;
}

describe('rolling back', () => {
  it('serves the version before the live one again, proven, and asks no CA', async () => {
    const world = await twoVersions();
    const before = world.calls.length;
    const done = await back(world);
    assert.equal(done.certificate?.action, 'rollback');
    assert.equal(done.certificate.sha256, versionOf(world, 0).sha256);
    assert.deepEqual(done.deploy, {
      action: 'deploy',
      outputs: ['/etc/matrix-synapse/tls'],
      reloaded: true,
      verified: true,
    });
    assert.equal(world.homeserver.serves.get(EXAMPLE), versionOf(world, 0).sha256);
    assert.ok(!world.calls.slice(before).some((call) => /^(?:acme|provider)/.test(call)));
  });

  it('holds renewals off, which renew, plan and the daemon respect and say', async () => {
    const world = await twoVersions();
    await back(world);
    world.ca.suggest = () => ({ window: { start: new Date(0), end: new Date(1) } });
    const beat = createDaemon(
      config(SITE),
      world.ports(),
      { locked: (work) => work(), onReport: () => undefined },
      ctx(),
    );
    await beat.beat();
    for (const reported of [run(world), plan([SITE], config(SITE), world.ports(), ctx())]) {
      const { certificate: told, ok } = await only(reported);
      assert.ok(ok);
      assert.equal(told?.action, 'keep');
      assert.equal(told.held, true);
      assert.match(told.reason, /rollback holds renewals off/);
      assert.equal(told.sha256, versionOf(world, 0).sha256);
    }
    assert.equal(world.ca.issued.length, 2);
  });

  it('renews again once released', async () => {
    const world = await twoVersions();
    await back(world);
    assert.equal(await release(SITE, world.ports()), true);
    assert.equal(await release(SITE, world.ports()), false);
    assert.equal((await only(run(world))).certificate?.action, 'renew');
  });

  it('is released by a forced renewal, also by one that fails', async () => {
    const world = await twoVersions();
    await back(world);
    const ports = world.ports(fails('acme.newOrder', trouble('E_ACME_UNREACHABLE'), 9));
    const failed = await only(renew([SITE], config(SITE), { force: true }, ports, ctx()));
    assert.equal(failed.ok, false);
    assert.equal(world.state.sites.get(NAME)?.heldVersion, undefined);
    await run(world, true);
    const { certificate: told } = await only(run(world));
    assert.equal(told?.held, undefined);
    assert.equal(told?.sha256, versionOf(world, 2).sha256);
  });

  it('drops the hold with a warning while there is time for a new certificate', async () => {
    const world = await twoVersions();
    await back(world);
    world.clock.advance(4 * DAY_MS);
    assert.equal((await only(run(world))).certificate?.held, true);
    world.warnings.length = 0;
    world.clock.advance(1 * DAY_MS);
    const { certificate: told } = await only(run(world));
    assert.equal(told?.action, 'renew');
    assert.match(told.reason, /held off since a rollback, which ends here/);
    assert.deepEqual(world.warnings, [told.reason]);
    assert.equal(world.state.sites.get(NAME)?.heldVersion, undefined);
  });

  it('says so where nothing can be held off any more', async () => {
    const world = await twoVersions();
    world.clock.advance(10 * DAY_MS);
    const { certificate: told } = await back(world);
    assert.match(told?.reason ?? '', /not held off/);
    assert.equal(told?.held, undefined);
  });

  it('goes to the version that is named, also forward', async () => {
    const world = await twoVersions();
    await back(world);
    const { certificate: told } = await back(world, versionOf(world, 1).id);
    assert.equal(told?.sha256, versionOf(world, 1).sha256);
    assert.equal(world.homeserver.serves.get(EXAMPLE), versionOf(world, 1).sha256);
  });

  it('refuses what must not be served, and leaves what is live', async () => {
    const world = await twoVersions();
    const first = versionOf(world, 0).id;
    await assertRefused(back(world, 'nonsense'), 'E_USAGE');
    const other = site({ certificate: certificate({ names: SITE.srv.map(({ target }) => target) }) });
    await assertRefused(rollback(other, null, world.ports(), ctx()), 'E_CERTIFICATE_STORE');
    const state = world.state.sites.get(NAME);
    assert.ok(state !== undefined);
    world.state.sites.set(NAME, { ...state, revokedVersion: first });
    assert.match((await assertRefused(back(world), 'E_CERTIFICATE_STORE')).message, /revoked/);
    world.state.sites.set(NAME, state);
    world.clock.advance(20 * DAY_MS);
    assert.match((await assertRefused(back(world), 'E_CERTIFICATE_STORE')).message, /expired/);
    assert.equal(world.homeserver.serves.get(EXAMPLE), versionOf(world, 1).sha256);
    assert.equal((await only(run(world))).certificate?.held, undefined);
  });

  it('has nowhere to go without an earlier version, or without a certificate', async () => {
    const world = createWorld();
    await assertRefused(back(world), 'E_CERTIFICATE_STORE');
    await run(world);
    await assertRefused(back(world), 'E_CERTIFICATE_STORE');
    await assertRefused(rollback(site(), null, world.ports(), ctx()), 'E_USAGE');
  });

  it('holds nothing off when it did not come to be live, and is finished by renew when it was not deployed', async () => {
    const world = await twoVersions();
    const stopped = fails('store.activate', trouble('E_CERTIFICATE_STORE'));
    await assertRefused(back(world, null, stopped), 'E_CERTIFICATE_STORE');
    assert.equal((await only(run(world))).certificate?.held, undefined);
    const failed = await back(world, null, fails('outputs.write', trouble('E_OUTPUT')));
    assert.equal(failed.ok, false);
    assert.equal(exitCode(report([failed])), 5);
    const finished = await only(run(world));
    assert.equal(finished.certificate?.held, true);
    assert.equal(finished.deploy?.action, 'deploy');
    assert.equal(world.homeserver.serves.get(EXAMPLE), versionOf(world, 0).sha256);
  });
});
