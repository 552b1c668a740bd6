import assert from 'node:assert/strict';
import type { AcmeConfig, Config } from '../src/config/config.ts';
import { plan, renew } from '../src/renew.ts';
import { type CertificateReport, type Report, exitCode } from '../src/report.ts';
import { fails, trouble } from './support/faults.ts';
import {
  type Around,
  OTHER_CA,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';

const SITE = site({ certificate: certificate() });

function settings(more: Partial<AcmeConfig>): Config {
  const usual = config(SITE);
  return { ...usual, acme: { ...usual.acme, ...more } };
}

async function run(
  world: World,
  more: Partial<AcmeConfig> = {},
  around?: Around,
): Promise<CertificateReport> {
  const report = await renew([SITE], settings(more), { force: false }, world.ports(around), ctx());
  assert.equal(exitCode(report), 0, JSON.stringify(report.sites[0]?.errors));
  return only(report);
}

function only({ sites }: Report): CertificateReport {
  const found = sites[0]?.certificate;
  assert.ok(found != null);
  return found;
}

function offering(...profiles: readonly string[]): World {
  const world = createWorld();
  world.ca.profiles = profiles;
  return world;
}

describe('another profile in the config', () => {
  it('has the certificate issued anew at the next run, once, and says so', async () => {
    const world = offering('classic', 'shortlived');
    await run(world);
    assert.equal((await run(world)).action, 'keep');
    for (const [profile, was] of [
      ['shortlived', 'the usual one of the CA'],
      ['classic', 'shortlived'],
    ] as const) {
      world.clock.advance(8 * 24 * 3_600_000);
      const { action, reason } = await run(world, { profile });
      assert.deepEqual(
        [action, reason],
        ['renew', `the profile changed: it is ${was}, wanted is ${profile}`],
      );
      assert.equal((await run(world, { profile })).action, 'keep');
    }
    world.clock.advance(8 * 24 * 3_600_000);
    assert.match((await run(world)).reason, /it is classic, wanted is the usual one of the CA/);
  });

  it('changes nothing where it is not known what the old one was asked for with', async () => {
    const world = offering('shortlived');
    await run(world);
    const state = await world.state.readSite('example.org');
    assert.ok(state.issuedBy !== undefined);
    const { profile: _profile, ...issuedBy } = state.issuedBy;
    await world.state.writeSite('example.org', { ...state, issuedBy });
    assert.equal((await run(world, { profile: 'shortlived' })).action, 'keep');
  });

  it('is no word for a certificate of another CA', async () => {
    const world = offering('shortlived');
    const more = {
      profile: 'shortlived',
      fallback: [{ directoryUrl: OTHER_CA, stagingDirectoryUrl: null }],
    };
    const away = fails('acme.directory', trouble('E_ACME_UNREACHABLE'));
    assert.equal((await run(world, more, away)).ca, OTHER_CA);
    assert.equal((await run(world, more)).action, 'keep');
  });
});

describe('another CA in the config', () => {
  it('issues when it is time, and the status says that it will', async () => {
    const world = createWorld();
    await run(world);
    const other = { directoryUrl: OTHER_CA };
    const before = only(await plan([SITE], settings({}), world.ports(), ctx()));
    const kept = only(await plan([SITE], settings(other), world.ports(), ctx()));
    assert.deepEqual([kept.action, kept.nextRenewalAt], ['keep', before.nextRenewalAt]);
    assert.match(
      kept.nextRenewalReason ?? '',
      /; the next one is from other\.test, since the config no longer names ca\.test$/,
    );
    assert.doesNotMatch(before.nextRenewalReason ?? '', /next one/);
    assert.equal((await run(world, other)).action, 'keep');
    world.clock.advance(61 * 24 * 3_600_000);
    assert.deepEqual([(await run(world, other)).ca, world.ca.orders.length], [OTHER_CA, 1]);
  });

  it('is not said of one that is a fallback now', async () => {
    const world = createWorld();
    await run(world);
    const fallback = [{ directoryUrl: config(SITE).acme.directoryUrl, stagingDirectoryUrl: null }];
    const settled = settings({ directoryUrl: OTHER_CA, fallback });
    const { nextRenewalReason } = only(await plan([SITE], settled, world.ports(), ctx()));
    assert.doesNotMatch(nextRenewalReason ?? '', /next one/);
  });
});
