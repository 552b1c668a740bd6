import assert from 'node:assert/strict';
import type { RenewalInfo } from '../src/acme/renewal-info.ts';
import { certIdOf } from '../src/certificate/cert-id.ts';
import { certificateSight } from '../src/certificate-sight.ts';
import type { SiteConfig } from '../src/config/config.ts';
import { plan, renew } from '../src/renew.ts';
import { type CertificateReport, type Report, exitCode } from '../src/report.ts';
import { problem } from './support/fake-ca.ts';
import { count, fails, trouble } from './support/faults.ts';
import {
  type Around,
  HOSTER,
  OTHER_CA,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';
import { tenants } from './support/sites.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SITE = site({ certificate: certificate() });

interface Run {
  readonly sites?: readonly SiteConfig[];
  readonly around?: Around;
  readonly force?: boolean;
  readonly everyMs?: number;
}

function run(world: World, { sites = [SITE], around, ...options }: Run = {}): Promise<Report> {
  const ports = world.ports(around);
  const settings = config(...sites);
  return renew(sites, settings, { force: false, ...options }, ports, { ...ctx(), log: ports.log });
}

function only({ sites }: Report): CertificateReport {
  const found = sites[0]?.certificate;
  assert.ok(found != null);
  return found;
}

/** A window that lies so many days after now. */
function days(world: World, from: number, to: number, over: Partial<RenewalInfo> = {}): RenewalInfo {
  const at = (day: number): Date => new Date(world.clock.now().getTime() + day * DAY_MS);
  return { window: { start: at(from), end: at(to) }, ...over };
}

/** The CA wants this, from now on. */
function suggests(world: World, info: RenewalInfo): void {
  world.ca.suggest = () => info;
}

describe('a CA that suggests when to renew', () => {
  it('is asked right after it has issued, and the next renewal is drawn from its window', async () => {
    const world = createWorld();
    const info = days(world, 20, 22);
    suggests(world, info);
    const { nextRenewalAt, nextRenewalReason } = only(await run(world));
    const at = new Date(nextRenewalAt ?? '');
    assert.ok(at >= info.window.start && at < info.window.end);
    assert.match(nextRenewalReason ?? '', /^the CA suggests to renew between /);
    const [facts] = (world.versions.get('example.org') ?? []).map((version) => version.facts);
    assert.ok(facts !== undefined);
    assert.deepEqual(world.ca.askedAbout, [certIdOf(facts)]);
  });

  it('is told which certificate the new one replaces', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22));
    await run(world);
    const [first] = world.versions.get('example.org') ?? [];
    assert.ok(first !== undefined);
    world.clock.advance(23 * DAY_MS);
    suggests(world, days(world, 20, 22));
    assert.equal(only(await run(world)).action, 'renew');
    assert.deepEqual(
      world.ca.orders.map(({ replaces }) => replaces),
      [undefined, certIdOf(first.facts)],
    );
  });

  it('draws the same moment in every run and for every asker, and another one in another installation', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22));
    await run(world);
    const moments = new Set<string>();
    for (let each = 0; each < 3; each += 1) {
      const sight = await certificateSight(SITE, config(SITE), world.ports());
      assert.ok(sight?.decision.due === false);
      moments.add(sight.decision.at.toISOString());
      moments.add(only(await plan([SITE], config(SITE), world.ports(), ctx())).nextRenewalAt ?? '');
    }
    assert.equal(moments.size, 1);
    const elsewhere = { ...world.ports(), state: { ...world.state, secret: async () => 'another' } };
    const sight = await certificateSight(SITE, config(SITE), elsewhere);
    assert.ok(sight?.decision.due === false);
    assert.ok(!moments.has(sight.decision.at.toISOString()));
  });

  it('is asked again only when it said that it wants to be', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22, { retryAfterMs: 3 * HOUR_MS }));
    await run(world);
    world.calls.length = 0;
    world.clock.advance(3 * HOUR_MS - 1);
    await run(world);
    assert.deepEqual(
      world.calls.filter((call) => /^acme\.|write/.test(call)),
      [],
    );
    world.clock.advance(1);
    await run(world);
    assert.equal(count(world, 'acme.renewalInfo'), 1);
  });

  it('may move the window forward, which renews at once, and say why', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22, { retryAfterMs: HOUR_MS }));
    await run(world);
    world.clock.advance(HOUR_MS);
    const { window } = days(world, -2, -1);
    suggests(world, { window: { ...window, explanationUrl: 'https://ca.test/incident' } });
    const certificateOf = only(await run(world));
    assert.equal(certificateOf.action, 'renew');
    assert.match(certificateOf.reason, /explains why at https:\/\/ca\.test\/incident$/);
    assert.ok(world.warnings.some((warning) => warning.startsWith('the CA explains')));
    assert.equal(world.ca.issued.length, 2);
  });

  it('may move the window back, which counts until the lifetime says otherwise', async () => {
    const world = createWorld();
    suggests(world, days(world, 100, 120));
    const { nextRenewalReason, nextRenewalAt } = only(await run(world));
    assert.equal(nextRenewalReason, 'a third of its lifetime is left then');
    assert.ok(Date.parse(nextRenewalAt ?? '') <= world.clock.now().getTime() + 60 * DAY_MS);
  });

  it('has those served now who look again only after the moment', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 20 + 1 / 48));
    await run(world);
    const next = Date.parse(only(await run(world)).nextRenewalAt ?? '');
    world.clock.advance(next - 6 * HOUR_MS - world.clock.now().getTime());
    suggests(world, days(world, 20, 21));
    // It has just been asked, so what counts is what it said then.
    const state = world.state.sites.get('example.org');
    assert.ok(state?.renewalInfo !== undefined);
    const askAgainAt = new Date(world.clock.now().getTime() + HOUR_MS);
    world.state.sites.set('example.org', { ...state, renewalInfo: { ...state.renewalInfo, askAgainAt } });
    assert.equal(only(await run(world, { everyMs: 5 * HOUR_MS })).action, 'keep');
    assert.equal(only(await run(world, { everyMs: 12 * HOUR_MS })).action, 'renew');
  });

  it('is not asked about a certificate that is due anyway or has expired', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22));
    await run(world);
    world.clock.advance(91 * DAY_MS);
    world.ca.askedAbout.length = 0;
    await run(world, { around: fails('acme.newOrder', trouble('E_ACME_PROBLEM')) });
    assert.deepEqual(world.ca.askedAbout, []);
  });

  it('cannot make us order without end', async () => {
    const world = createWorld();
    world.ca.suggest = () => days(world, -2, -1, { retryAfterMs: MINUTE_MS });
    for (let each = 0; each < 20; each += 1) {
      const report = await run(world);
      assert.equal(exitCode(report), 0, JSON.stringify(report.sites[0]?.errors));
      world.clock.advance(HOUR_MS / 2);
    }
    assert.equal(world.ca.orders.length, 2);
    assert.ok(world.warnings.some((warning) => warning.includes('our limit of orders')));
  });
});

describe('a CA that does not say when to renew', () => {
  it('is not looked at again for a day', async () => {
    const world = createWorld();
    await run(world);
    assert.equal(count(world, 'acme.renewalInfo'), 1);
    world.clock.advance(DAY_MS - 1);
    await run(world);
    assert.equal(count(world, 'acme.renewalInfo'), 1);
    world.clock.advance(1);
    await run(world);
    assert.equal(count(world, 'acme.renewalInfo'), 2);
  });

  for (const error of [
    trouble('E_ACME_UNREACHABLE'),
    trouble('E_ACME_RATE_LIMITED'),
    problem('serverInternal', 500),
    problem('malformed', 404),
  ])
    it(`neither fails a run nor postpones a renewal: ${error.message}`, async () => {
      const world = createWorld();
      const around = fails('acme.renewalInfo', error, Infinity);
      await run(world, { around });
      for (let day = 0; day < 57; day += 1) {
        const report = await run(world, { around });
        assert.deepEqual([exitCode(report), only(report).action], [0, 'keep']);
        world.clock.advance(DAY_MS);
      }
      assert.deepEqual(world.warnings, []);
      world.clock.advance(4 * DAY_MS);
      assert.equal(only(await run(world, { around })).action, 'renew');
    });

  it('is asked after 1, 10 and 100 minutes, then every six hours, and its last window counts meanwhile', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22, { retryAfterMs: MINUTE_MS }));
    const before = only(await run(world));
    world.clock.advance(MINUTE_MS);
    const around = fails('acme.renewalInfo', trouble('E_ACME_UNREACHABLE'), Infinity);
    const pauses: number[] = [];
    let asked = world.clock.now().getTime();
    for (let minute = 0; pauses.length < 5; minute += 1) {
      const calls = count(world, 'acme.renewalInfo');
      assert.equal(only(await run(world, { around })).nextRenewalAt, before.nextRenewalAt);
      if (count(world, 'acme.renewalInfo') > calls) {
        pauses.push((world.clock.now().getTime() - asked) / MINUTE_MS);
        asked = world.clock.now().getTime();
      }
      world.clock.advance(MINUTE_MS);
    }
    assert.deepEqual(pauses, [0, 1, 10, 100, 360]);
  });

  it('is asked once for all sites', async () => {
    const sites = tenants(12);
    const world = createWorld();
    await run(world, { sites });
    world.clock.advance(DAY_MS);
    world.calls.length = 0;
    const around = fails('acme.renewalInfo', trouble('E_ACME_UNREACHABLE'), Infinity);
    assert.equal(exitCode(await run(world, { sites, around })), 0);
    // Those that were on their way already when the first one got no answer.
    assert.ok(count(world, 'acme.renewalInfo') <= 4);
  });

  it('is asked although a clock that was wrong has put it off for years', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22));
    await run(world);
    const state = world.state.sites.get('example.org');
    assert.ok(state?.renewalInfo !== undefined);
    const askAgainAt = new Date('2036-01-01T00:00:00Z');
    world.state.sites.set('example.org', { ...state, renewalInfo: { ...state.renewalInfo, askAgainAt } });
    world.calls.length = 0;
    await run(world);
    assert.equal(count(world, 'acme.renewalInfo'), 1);
  });

  it('leaves a state that cannot be written as the trouble of that site, and the certificate is renewed', async () => {
    const world = createWorld();
    await run(world);
    world.clock.advance(61 * DAY_MS);
    const report = await run(world, { around: fails('state.writeSite', trouble('E_STATE'), Infinity) });
    assert.equal(only(report).action, 'renew');
    assert.equal(report.sites[0]?.errors[0]?.code, 'E_STATE');
    assert.equal(world.ca.issued.length, 2);
  });
});

/** Runs until the second certificate; the CA answers so to an order that names what it replaces. */
async function renewed(type: string, status: number): Promise<{ world: World; report: Report }> {
  const world = createWorld();
  suggests(world, days(world, 20, 22));
  await run(world);
  const [first] = world.versions.get('example.org') ?? [];
  assert.ok(first !== undefined);
  world.clock.advance(61 * DAY_MS);
  const around = fails('acme.newOrder', problem(type, status, 'newOrder'));
  return { world, report: await run(world, { around }) };
}

describe('an order that replaces a certificate', () => {
  for (const [type, status] of [
    ['alreadyReplaced', 409],
    ['malformed', 400],
    ['unauthorized', 403],
    ['about:blank', 404],
  ] as const)
    it(`is placed once more without saying so when the CA answers ${status} ${type}`, async () => {
      const { world, report } = await renewed(type, status);
      assert.equal(exitCode(report), 0);
      assert.equal(count(world, 'acme.newOrder'), 3);
      assert.equal(world.ca.orders.at(-1)?.replaces, undefined);
      assert.equal(world.state.ledger.length, 2);
    });

  for (const [type, status] of [
    ['rateLimited', 429],
    ['rejectedIdentifier', 400],
    ['serverInternal', 500],
  ] as const)
    it(`is not placed once more when the CA answers ${status} ${type}`, async () => {
      const { world, report } = await renewed(type, status);
      assert.equal(exitCode(report), 3);
      assert.equal(count(world, 'acme.newOrder'), 2);
    });

  it('does not say so to a CA that the certificate is not from', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22));
    await run(world);
    const settings = config(SITE);
    const other = { ...settings, acme: { ...settings.acme, directoryUrl: OTHER_CA } };
    world.ca.askedAbout.length = 0;
    await renew([SITE], other, { force: true }, world.ports(), ctx());
    assert.deepEqual(
      [...world.ca.orders, ...world.otherCa.orders].map(({ replaces }) => replaces),
      [undefined, undefined],
    );
  });

  it('says so although the state is lost, once the CA has shown that it knows the certificate', async () => {
    const world = createWorld();
    suggests(world, days(world, 20, 22));
    await run(world);
    world.state.sites.clear();
    await run(world);
    await run(world, { force: true });
    assert.notEqual(world.ca.orders.at(-1)?.replaces, undefined);
  });

  it('says nothing of a certificate that shares no name with the new one', async () => {
    const world = createWorld();
    await run(world);
    const moved = site({ delegatedTo: HOSTER, certificate: certificate() });
    assert.equal(only(await run(world, { sites: [moved] })).action, 'renew');
    assert.equal(world.ca.orders.at(-1)?.replaces, undefined);
  });
});
