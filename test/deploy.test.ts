import assert from 'node:assert/strict';
import type { CertificateConfig, SiteConfig } from '../src/config/config.ts';
import { type DeployOutcome, deploy, deployState } from '../src/deploy.ts';
import { certificate, type Around, type World, createWorld, ctx } from './support/fake-ports.ts';
import { count, fails, trouble } from './support/faults.ts';
import { stored, tenant, tenants } from './support/sites.ts';

const SITE = tenant('chat');
const NAME = SITE.serverName.text;

async function run(
  world: World,
  sites: readonly SiteConfig[] = [SITE],
  around?: Around,
): Promise<ReadonlyMap<string, DeployOutcome>> {
  const deployments = sites.map((site) => {
    const version = world.versions.get(site.serverName.text)?.at(-1);
    assert.ok(version !== undefined && site.certificate !== null);
    return { site, certificate: site.certificate, version };
  });
  return deploy(deployments, world.ports(around), ctx());
}

async function withCertificates(...sites: readonly SiteConfig[]): Promise<World> {
  const world = createWorld();
  for (const site of sites) await stored(world, site);
  return world;
}

function outcome(outcomes: ReadonlyMap<string, DeployOutcome>, name = NAME): unknown[] {
  const found = outcomes.get(name);
  const { action, reloaded, verified } = found?.report ?? {};
  return [action, { reloaded, verified }, ...(found?.errors.map(({ code }) => code) ?? [])];
}

describe('deploying', () => {
  it('writes, reloads and proves, in that order, and then keeps what is there', async () => {
    const world = await withCertificates(SITE);
    assert.deepEqual(outcome(await run(world)), ['deploy', { reloaded: true, verified: true }]);
    const steps = world.calls.filter((call) => /^(outputs\.write|reloader|tls)/.test(call));
    assert.deepEqual(steps, ['outputs.write', 'reloader.reload', 'tls.servedLeaf']);
    world.calls.length = 0;
    assert.deepEqual(outcome(await run(world)), ['keep', { reloaded: false, verified: true }]);
    assert.deepEqual([...new Set(world.calls)], ['state.readSite', 'outputs.isCurrent']);
  });

  it('has on disk that a reload is owed before it reloads', async () => {
    const world = await withCertificates(SITE);
    let state: unknown;
    await run(world, [SITE], async (call, perform) => {
      if (call === 'reloader.reload') state = world.state.sites.get(NAME);
      return perform();
    });
    assert.deepEqual(Object.keys(state ?? {}).sort(), ['deployTarget', 'deployedVersion', 'failures']);
  });

  it('tries a reload that failed again in the next run, and writes nothing again', async () => {
    const world = await withCertificates(SITE);
    const broken = await run(world, [SITE], fails('reloader.reload', trouble('E_RELOAD')));
    assert.deepEqual(outcome(broken), ['fail', { reloaded: false, verified: false }, 'E_RELOAD']);
    assert.equal(count(world, 'tls.servedLeaf'), 0, 'what was not reloaded need not be looked at');
    assert.deepEqual(outcome(await run(world)), ['deploy', { reloaded: true, verified: true }]);
    assert.equal(count(world, 'outputs.write'), 1);
  });

  it('reloads once for all the sites that share the reload', async () => {
    const sites = tenants(20);
    const world = await withCertificates(...sites);
    const outcomes = await run(world, sites);
    assert.equal(world.homeserver.reloads, 1);
    for (const { serverName } of sites)
      assert.deepEqual(outcome(outcomes, serverName.text), ['deploy', { reloaded: true, verified: true }]);
  });

  it('reloads only after every output of the sites that share it was written', async () => {
    const sites = tenants(3);
    const world = await withCertificates(...sites);
    await run(world, sites);
    assert.ok(world.calls.lastIndexOf('outputs.write') < world.calls.indexOf('reloader.reload'));
  });

  it('takes no reload for a proof: a homeserver that keeps the old certificate is found out', async () => {
    const world = await withCertificates(SITE);
    await run(world);
    await stored(world, SITE);
    world.homeserver.deaf = true;
    const before = world.clock.monotonic();
    const outcomes = await run(world);
    assert.deepEqual(outcome(outcomes), ['fail', { reloaded: true, verified: false }, 'E_NOT_SERVED']);
    assert.equal(world.clock.monotonic() - before, SITE.certificate?.verifyTimeoutMs);
    const [error] = outcomes.get(NAME)?.errors ?? [];
    assert.match(
      error?.message ?? '',
      /^203\.0\.113\.5:8448 does not serve .* it serves another certificate/,
    );
    assert.match(error?.hint ?? '', /log of the homeserver/);

    // As soon as it can read the files, it only has to be told once more.
    world.homeserver.deaf = false;
    assert.deepEqual(outcome(await run(world)), ['deploy', { reloaded: true, verified: true }]);
    assert.deepEqual(outcome(await run(world)), ['keep', { reloaded: false, verified: true }]);
  });

  it('waits for a homeserver that is not up yet', async () => {
    const world = await withCertificates(SITE);
    const around = fails('tls.servedLeaf', trouble('E_NOT_SERVED'), 5);
    assert.deepEqual(outcome(await run(world, [SITE], around)), [
      'deploy',
      { reloaded: true, verified: true },
    ]);
    assert.equal(count(world, 'tls.servedLeaf'), 6);
  });

  it('blames neither the reload nor the files where nothing answers at all', async () => {
    const world = await withCertificates(SITE);
    const silent = fails('tls.servedLeaf', trouble('E_NOT_SERVED'), Infinity);
    const [error] = (await run(world, [SITE], silent)).get(NAME)?.errors ?? [];
    assert.match(error?.hint ?? '', /^does the homeserver run/);
  });

  it('deploys again what the config wants elsewhere, or reloaded in another way', async () => {
    const world = await withCertificates(SITE);
    await run(world);
    const changes: readonly Partial<CertificateConfig>[] = [
      { outputs: [{ directory: '/tls/moved', keyMode: 0o600, certificateMode: 0o644, layout: 'copies' }] },
      { reload: { kind: 'exec', command: ['/bin/reload'] } },
    ];
    for (const change of changes) {
      const site = { ...SITE, certificate: certificate({ ...SITE.certificate, ...change }) };
      assert.deepEqual(outcome(await run(world, [site])), ['deploy', { reloaded: true, verified: true }]);
    }
  });

  it('writes again and reloads again what somebody removed from the output', async () => {
    const world = await withCertificates(SITE);
    await run(world);
    world.homeserver.written.clear();
    assert.deepEqual(outcome(await run(world)), ['deploy', { reloaded: true, verified: true }]);
    assert.equal(world.homeserver.reloads, 2);
  });

  it('looks at every address of every SRV target where the config names none', async () => {
    const site = { ...SITE, certificate: certificate({ ...SITE.certificate, verify: null }) };
    const world = await withCertificates(site);
    await run(world, [site]);
    assert.equal(count(world, 'tls.servedLeaf'), 2);
  });

  it('asks no target that is on its way out for a new certificate', async () => {
    const until = new Date('2100-01-01T00:00:00Z');
    const records = [...SITE.srv, ...SITE.srv.map((each) => ({ ...each, port: 443, until }))];
    const site = { ...SITE, srv: records, certificate: certificate({ ...SITE.certificate, verify: null }) };
    const world = await withCertificates(site);
    await run(world, [site]);
    assert.equal(count(world, 'tls.servedLeaf'), 2);
  });

  it('has nothing to do for a site that wants nothing of it', async () => {
    const site = { ...SITE, certificate: certificate({ outputs: [], reload: null, verify: [] }) };
    const world = await withCertificates(site);
    assert.deepEqual(outcome(await run(world, [site])), ['none', { reloaded: false, verified: false }]);
  });

  it('keeps the trouble of a site from its neighbours', async () => {
    const [first, second, third] = tenants(3);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const sites = [first, second, third];
    const failures = [
      fails('outputs.write', trouble('E_OUTPUT')),
      fails('state.readSite', trouble('E_STATE')),
      fails('state.writeSite', trouble('E_STATE')),
    ];
    for (const around of failures) {
      const world = await withCertificates(...sites);
      const outcomes = await run(world, sites, around);
      const actions = sites.map(({ serverName }) => outcomes.get(serverName.text)?.report.action ?? '');
      assert.deepEqual(actions.sort(), ['deploy', 'deploy', 'fail']);
    }
  });
});

describe('what deploying would find', () => {
  it('is told without changing anything', async () => {
    const world = await withCertificates(SITE);
    const version = world.versions.get(NAME)?.at(-1) ?? null;
    const state = (): Promise<string> =>
      deployState(SITE, SITE.certificate ?? certificate(), version, world.ports()).then(
        ({ action }) => action,
      );
    assert.equal(await state(), 'deploy');
    await run(world, [SITE], fails('reloader.reload', trouble('E_RELOAD')));
    assert.equal(await state(), 'deploy', 'a reload is owed');
    await run(world);
    assert.equal(await state(), 'keep');
    assert.equal(world.homeserver.reloads, 1);
  });
});
