import assert from 'node:assert/strict';
import { certificateSight } from '../src/certificate-sight.ts';
import { plan, renew, sync } from '../src/renew.ts';
import { type Report, type SiteReport, exitCode } from '../src/report.ts';
import type { SiteConfig } from '../src/config/config.ts';
import { diesAt } from './support/dies-at.ts';
import { problem } from './support/fake-ca.ts';
import { count, fails, trouble } from './support/faults.ts';
import {
  type Around,
  EXAMPLE,
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

const DAY_MS = 24 * 3_600_000;
const SITE = site({ certificate: certificate() });

interface Run {
  readonly sites?: readonly SiteConfig[];
  readonly around?: Around;
  readonly force?: boolean;
}

function run(world: World, { sites = [SITE], around, force = false }: Run = {}): Promise<Report> {
  return renew(sites, config(...sites), { force }, world.ports(around), ctx());
}

async function dying(world: World): Promise<void> {
  const { around, died } = diesAt(1, 'before', (call) => call === 'acme.respond');
  await Promise.race([died, run(world, { around })]);
}

function summary({ sites }: Report): Record<string, unknown> {
  return Object.fromEntries(
    sites.map(({ serverName, records, certificate, deploy, errors }) => [
      serverName,
      [
        records.map(({ action }) => action).join(),
        certificate?.action,
        deploy?.action,
        ...errors.map(({ code }) => code),
      ],
    ]),
  );
}

function only({ sites }: Report): SiteReport {
  const [first] = sites;
  assert.ok(first !== undefined);
  return first;
}

describe('renewing', () => {
  it('brings a new site up whole: record, certificate, homeserver', async () => {
    const world = createWorld();
    const report = await run(world);
    assert.deepEqual(summary(report), { 'example.org': ['create', 'issue', 'deploy'] });
    assert.equal(exitCode(report), 0);
    const { certificate, ok } = only(report);
    assert.ok(ok);
    assert.deepEqual(certificate?.names, ['example.org']);
    assert.equal(certificate.reason, 'it is the first one');
    assert.equal(certificate.directory, '/var/lib/delegated/certificates/example.org/current');
    assert.ok(Date.parse(certificate.nextRenewalAt ?? '') > world.clock.now().getTime());
  });

  it('does nothing and writes nothing when it has nothing to do', async () => {
    const world = createWorld();
    await run(world);
    world.calls.length = 0;
    const report = await run(world);
    assert.deepEqual(summary(report), { 'example.org': ['keep', 'keep', 'keep'] });
    const touching = /^(acme|keys|dns|tls|reloader)\.|write|append|clear|commit|apply/;
    assert.deepEqual(
      world.calls.filter((call) => touching.test(call)),
      [],
    );
  });

  it('renews when a third of the lifetime is left, with a new key', async () => {
    const world = createWorld();
    await run(world);
    world.clock.advance(59 * DAY_MS - 2 * DAY_MS);
    assert.equal(only(await run(world)).certificate?.action, 'keep');
    world.clock.advance(3 * DAY_MS);
    assert.deepEqual(summary(await run(world)), { 'example.org': ['keep', 'renew', 'deploy'] });
    const [first, second] = world.versions.get('example.org') ?? [];
    assert.notEqual(first?.material.privateKey, second?.material.privateKey);
    assert.equal(world.homeserver.serves.get('example.org.'), second?.facts.sha256);
  });

  it('renews before that when it is forced', async () => {
    const world = createWorld();
    await run(world);
    const report = await run(world, { force: true });
    assert.deepEqual(summary(report), { 'example.org': ['keep', 'renew', 'deploy'] });
    assert.equal(only(report).certificate?.reason, 'forced');
  });

  it('serves the certificate before the first record leads peers away from where they are served today', async () => {
    const world = createWorld();
    world.dns.records.push({ name: EXAMPLE, ttl: 300, type: 'A', data: '203.0.113.9' });
    world.federation.peers.set('203.0.113.9 8448', { serverName: 'example.org' });
    const around: Around = async (call, perform) => {
      const done = await perform();
      if (call === 'reloader.reload')
        world.federation.peers.set('203.0.113.5 8448', { serverName: 'example.org' });
      return done;
    };
    assert.deepEqual(summary(await run(world, { around })), { 'example.org': ['create', 'issue', 'deploy'] });
  });

  it('goes past the look at new targets when it is forced', async () => {
    const world = createWorld();
    world.dns.records.push({ name: EXAMPLE, ttl: 300, type: 'A', data: '203.0.113.9' });
    world.federation.peers.set('203.0.113.9 8448', { serverName: 'example.org' });
    assert.deepEqual(summary(await run(world)), {
      'example.org': ['refuse', 'issue', 'deploy', 'E_SWITCH_REFUSED'],
    });
    const forced = await run(world, { force: true });
    assert.deepEqual(summary(forced), { 'example.org': ['create', 'renew', 'deploy'] });
    assert.ok(only(forced).warnings?.some(({ code }) => code === 'CONNECTION_REFUSED'));
  });

  it('manages only the records of a site that has no certificate', async () => {
    const world = createWorld();
    assert.deepEqual(summary(await run(world, { sites: [site()] })), {
      'example.org': ['create', undefined, undefined],
    });
    assert.deepEqual(
      world.calls.filter((call) => /^(acme|store|outputs)\./.test(call)),
      [],
    );
  });

  it('deploys what is stored although the renewal failed, and remembers when to try again', async () => {
    const world = createWorld();
    await run(world);
    world.clock.advance(70 * DAY_MS);
    world.homeserver.written.clear();
    const report = await run(world, {
      around: fails('acme.newOrder', problem('rateLimited', 429, 'newOrder')),
    });
    assert.deepEqual(summary(report), { 'example.org': ['keep', 'fail', 'deploy', 'E_ACME_RATE_LIMITED'] });
    assert.equal(exitCode(report), 3);
    const state = world.state.sites.get('example.org');
    assert.equal(state?.failures, 1);
    assert.equal(state.lastError?.code, 'E_ACME_RATE_LIMITED');
    assert.ok((state.retryAt ?? world.clock.now()) > world.clock.now());
    assert.deepEqual(summary(await run(world)), {
      'example.org': ['keep', 'fail', 'keep', 'E_ACME_HELD_BACK'],
    });
    assert.equal(world.state.sites.get('example.org')?.lastError?.code, 'E_ACME_RATE_LIMITED');
    world.clock.advance(2 * 60_000);
    await run(world);
    const healed = world.state.sites.get('example.org');
    assert.deepEqual([healed?.failures, healed?.lastError, healed?.retryAt], [0, undefined, undefined]);
  });

  it('retries a reload that failed without another order', async () => {
    const world = createWorld();
    const broken = await run(world, { around: fails('reloader.reload', trouble('E_RELOAD')) });
    assert.deepEqual(summary(broken), { 'example.org': ['create', 'issue', 'fail', 'E_RELOAD'] });
    assert.equal(exitCode(broken), 5);
    const report = await run(world);
    assert.deepEqual(summary(report), { 'example.org': ['keep', 'keep', 'deploy'] });
    assert.deepEqual([exitCode(report), world.ca.orders.length], [0, 1]);
  });

  it('does the records although the certificate fails, and the certificate although the records fail', async () => {
    const world = createWorld();
    const noCa = await run(world, { around: fails('acme.account', trouble('E_ACME_UNREACHABLE')) });
    assert.deepEqual(summary(noCa), { 'example.org': ['create', 'fail', undefined, 'E_ACME_UNREACHABLE'] });
    const other = createWorld();
    const noRead = await run(other, {
      around: fails('provider.readRRsets', trouble('E_PROVIDER_FORBIDDEN')),
    });
    assert.deepEqual(summary(noRead), { 'example.org': ['fail', 'issue', 'deploy', 'E_PROVIDER_FORBIDDEN'] });
  });

  it('keeps the trouble of a site from its neighbours', async () => {
    const sites = tenants(6);
    for (const around of [
      fails('acme.newOrder', trouble('E_ACME_PROBLEM')),
      fails('store.commit', trouble('E_CERTIFICATE_STORE')),
      fails('state.readSite', trouble('E_STATE')),
      fails('state.writeSite', trouble('E_STATE')),
      fails('state.readJournal', trouble('E_STATE')),
    ]) {
      const world = createWorld();
      const report = await run(world, { sites, around });
      assert.equal(report.sites.filter(({ ok }) => ok).length, 5);
      assert.equal(exitCode(report) === 0, false);
    }
  });

  it('tells a bug from a failure', async () => {
    const world = createWorld();
    const report = await run(world, {
      around: async (call, perform) => {
        if (call === 'acme.newOrder') throw new TypeError('undefined is not a function');
        return perform();
      },
    });
    assert.equal(exitCode(report), 1);
    assert.match(only(report).errors[0]?.hint ?? '', /report it/);
  });

  it('says that the live certificate has expired, whatever else went wrong', async () => {
    const world = createWorld();
    await run(world);
    world.clock.advance(91 * DAY_MS);
    const report = await run(world, {
      around: async (call, perform) => {
        if (call === 'acme.newOrder') throw trouble('E_ACME_PROBLEM');
        return perform();
      },
    });
    assert.deepEqual([only(report).expired, exitCode(report)], [true, 4]);
    assert.deepEqual(
      only(report).errors.map(({ code }) => code),
      ['E_CERTIFICATE_EXPIRED', 'E_ACME_PROBLEM'],
    );
  });
});

describe('what an interrupted run left behind', () => {
  it('goes although its site is gone from the config', async () => {
    const world = createWorld();
    await dying(world);
    assert.equal(world.challengeValues().length, 1);
    await run(world, { sites: [site({ name: 'other.example.org' })] });
    assert.deepEqual(world.challengeValues(), []);
    assert.equal(world.state.journals.size, 0);
  });

  it('goes although its certificate is there by now', async () => {
    const world = createWorld();
    let writes = 0;
    // Without a look at the target the record is written before there is a challenge.
    const sites = [{ ...SITE, proveTargets: false }];
    await run(world, {
      sites,
      around: async (call, perform) => {
        const challenge = call === 'provider.apply' && world.state.journals.size > 0;
        if (challenge && world.challengeValues().length > 0 && (writes += 1) === 1)
          throw trouble('E_PROVIDER_FORBIDDEN');
        return perform();
      },
    });
    assert.deepEqual([world.challengeValues().length, world.ca.issued.length], [1, 1]);
    assert.equal(exitCode(await run(world)), 0);
    assert.deepEqual([world.challengeValues().length, world.state.journals.size], [0, 0]);
  });

  it('that would not go is told of its site, and keeps nobody else from anything', async () => {
    const world = createWorld();
    await dying(world);
    const others = [site({ name: 'other.example.org', certificate: certificate() })];
    const report = await run(world, {
      sites: others,
      around: fails('provider.apply', trouble('E_PROVIDER_FORBIDDEN')),
    });
    assert.equal(exitCode(report), 0);
    assert.equal(world.state.journals.size, 1);
  });
});

describe('the plan', () => {
  it('tells what renewing would do, and changes nothing', async () => {
    const world = createWorld();
    const planned = await plan([SITE], config(SITE), world.ports(), ctx());
    assert.deepEqual(summary(planned), { 'example.org': ['create', 'issue', 'deploy'] });
    assert.deepEqual(world.provider.snapshot(), []);
    assert.deepEqual(
      world.calls.filter((call) => /write|append|apply|acme/.test(call)),
      [],
    );
    await run(world);
    const after = await plan([SITE], config(SITE), world.ports(), ctx());
    assert.deepEqual(summary(after), { 'example.org': ['keep', 'keep', 'keep'] });
  });

  it('is made for the other sites although the state of one cannot be read', async () => {
    const sites = tenants(3);
    const world = createWorld();
    await run(world, { sites });
    for (const call of ['state.readSite', 'store.read']) {
      const ports = world.ports(fails(call, trouble('E_STATE')));
      const planned = await plan(sites, config(...sites), ports, ctx());
      assert.equal(planned.sites.filter(({ ok }) => ok).length, 2);
    }
  });
});

describe('syncing', () => {
  it('is about records only', async () => {
    const world = createWorld();
    const report = await sync([SITE], 'apply', config(SITE), {}, world.ports(), ctx());
    assert.deepEqual(summary(report), { 'example.org': ['create', undefined, undefined] });
    assert.equal(count(world, 'store.read'), 0);
  });
});

describe('what is known of a certificate', () => {
  it('is that it is due when the config wants other names, whatever its age', async () => {
    const world = createWorld();
    await run(world);
    const wanting = site({ srv: [srv(MATRIX)], certificate: certificate({ names: [MATRIX] }) });
    const sight = await certificateSight(wanting, config(wanting), world.ports());
    assert.ok(sight?.decision.due === true);
    assert.match(sight.decision.reason, /lacks matrix\.example\.org/);
  });
});
