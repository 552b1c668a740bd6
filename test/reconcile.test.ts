import assert from 'node:assert/strict';
import { type MemoryOptions, createMemory } from '../providers/memory/index.ts';
import { parseDomainName, under } from '../src/dns/domain-name.ts';
import { reconcile } from '../src/reconcile.ts';
import * as rrsets from './conformance/target.ts';
import { answer } from './support/fake-dns.ts';
import { count, fails, trouble } from './support/faults.ts';
import { EXAMPLE, FED, HOSTER, MATRIX, config, createWorld, ctx, site, srv } from './support/fake-ports.ts';
import { run, summary } from './support/run-reconcile.ts';

const LEGACY = under('_matrix._tcp', EXAMPLE);
const OTHER = rrsets.srv(FED, [srv(MATRIX, 443)], 3600);

describe('reconciling', () => {
  it('creates the record and our mark, in one write, and waits until it is served', async () => {
    const world = createWorld();
    world.federation.peers.set('203.0.113.5 8448', { serverName: 'example.org' });
    const outcomes = await run(world);
    assert.deepEqual(outcomes.get('example.org'), {
      records: [
        {
          name: FED,
          type: 'SRV',
          action: 'create',
          before: null,
          after: ['10 5 8448 matrix.example.org.'],
          ttl: 3600,
        },
      ],
      errors: [],
      warnings: [],
    });
    assert.deepEqual(world.provider.snapshot(), [
      `${FED} 3600 IN SRV 10 5 8448 matrix.example.org.`,
      `${FED} 3600 IN TXT "heritage=delegated,owner=us"`,
    ]);
    assert.equal(count(world, 'provider.apply'), 1);
    assert.equal(world.dns.asked.filter((line) => line.endsWith(`${FED} SRV`)).length, 3, 'every address');
  });

  it('finds nothing to do a second time, and asks no name server', async () => {
    const world = createWorld();
    await run(world);
    world.calls.length = 0;
    assert.deepEqual(summary(await run(world)), { 'example.org': ['keep'] });
    assert.deepEqual(
      world.calls.filter((call) => call.startsWith('dns.') || call === 'provider.apply'),
      [],
    );
  });

  it('only tells when it plans', async () => {
    const world = createWorld();
    assert.deepEqual(summary(await run(world, { mode: 'plan' })), { 'example.org': ['create'] });
    assert.deepEqual(world.provider.snapshot(), []);
    assert.equal(count(world, 'provider.apply'), 0);
  });

  it('leaves foreign records alone until it is told to adopt them', async () => {
    const world = createWorld();
    world.provider.write(OTHER);
    assert.deepEqual(summary(await run(world)), { 'example.org': ['refuse', 'E_RECORD_FOREIGN'] });
    assert.equal(count(world, 'provider.apply'), 0);
    assert.deepEqual(summary(await run(world, { mode: 'adopt' })), { 'example.org': ['update'] });
    assert.deepEqual(summary(await run(world)), { 'example.org': ['keep'] });
  });

  it('publishes the deprecated record with the same data where it is wanted, and takes only ours away', async () => {
    const world = createWorld();
    const wanting = { sites: [site({ legacySrv: true })] };
    assert.deepEqual(summary(await run(world, wanting)), { 'example.org': ['create', 'create'] });
    assert.equal(count(world, 'provider.apply'), 1);
    assert.deepEqual(summary(await run(world)), { 'example.org': ['keep', 'delete'] });
    assert.deepEqual(
      world.provider.snapshot().filter((line) => line.startsWith(LEGACY)),
      [],
    );
    world.provider.write({ ...OTHER, name: LEGACY });
    assert.deepEqual(summary(await run(world)), { 'example.org': ['keep'] });
  });

  it('works on the name that is delegated to', async () => {
    const world = createWorld();
    const sites = [site({ delegatedTo: under('c1', HOSTER) })];
    await run(world, { sites });
    assert.ok(world.provider.snapshot()[0]?.startsWith('_matrix-fed._tcp.c1.hoster.net. '));
  });

  it('applies nothing after a read that failed', async () => {
    const world = createWorld();
    for (const code of ['E_PROVIDER_AUTH', 'E_PROVIDER_TIMEOUT', 'E_PROVIDER_RATE_LIMITED'] as const) {
      const outcomes = await run(world, { around: fails('provider.readRRsets', trouble(code)) });
      assert.deepEqual(summary(outcomes), { 'example.org': ['fail', code] });
    }
    assert.equal(count(world, 'provider.apply'), 0);
  });

  it('writes no target that DNS has nothing good to say of', async () => {
    const world = createWorld();
    const sites = [site({ srv: [srv(under('nobody', EXAMPLE))] })];
    assert.deepEqual(summary(await run(world, { sites })), { 'example.org': ['refuse', 'E_TARGET_ADDRESS'] });
    world.dns.interfere = () => answer('SERVFAIL');
    assert.deepEqual(summary(await run(world)), { 'example.org': ['refuse', 'E_DNS_UNANSWERED'] });
    assert.equal(count(world, 'provider.apply'), 0);
  });

  it('says that the record is not served, naming who lags', async () => {
    const world = createWorld();
    world.dns.interfere = ({ address }, { name }) =>
      address === '192.0.2.1' && name === FED ? answer('NXDOMAIN') : undefined;
    const outcomes = await run(world);
    assert.deepEqual(summary(outcomes), { 'example.org': ['fail', 'E_NOT_PROPAGATED'] });
    assert.match(outcomes.get('example.org')?.errors[0]?.message ?? '', /by ns1\.example\.org\. /);
  });

  it('refuses a zone that the name does not lie in, and a provider that knows no SRV', async () => {
    const world = createWorld();
    const sites = [site({ zone: 'hoster.net' })];
    assert.deepEqual(summary(await run(world, { sites })), { 'example.org': ['fail', 'E_ZONE_NOT_FOUND'] });
  });

  it('refuses a provider that is for challenges only, and says where to name it', async () => {
    const blind: readonly NonNullable<MemoryOptions['promises']>[] = [{ types: ['TXT'] }, { reads: false }];
    for (const promises of blind) {
      const provider = createMemory({ zones: [EXAMPLE], promises });
      const ports = { ...createWorld().ports(), provider: async () => provider };
      const outcomes = await reconcile([site()], 'apply', config(site()), {}, ports, ctx());
      assert.deepEqual(summary(outcomes), { 'example.org': ['fail', 'E_PROVIDER_UNSUPPORTED'] });
      assert.match(outcomes.get('example.org')?.errors[0]?.hint ?? '', /`challenge: \{ provider: main \}`/);
      assert.deepEqual(provider.snapshot(), []);
    }
  });
});

describe('reconciling many sites', () => {
  const tenants = Array.from({ length: 100 }, (_, index) => site({ name: `t${index}.example.org` }));

  it('reads a zone once for a hundred of them', async () => {
    const world = createWorld();
    await run(world, { sites: tenants, mode: 'plan' });
    assert.equal(count(world, 'provider.readRRsets'), 1);
    await run(world, { sites: tenants });
    assert.equal(world.provider.snapshot().length, 200);
  });

  it('keeps the trouble of a site from its neighbours', async () => {
    const world = createWorld();
    const sites = [
      site(),
      site({ name: 'foreign.example.org' }),
      site({ name: 'lame.example.org', srv: [srv(under('nobody', EXAMPLE))] }),
      site({ name: 'no.zone.test' }),
      site({ name: 'unknown.example.org', provider: 'gone' }),
    ];
    world.provider.write({ ...OTHER, name: parseDomainName('_matrix-fed._tcp.foreign.example.org') });
    const ports = world.ports();
    const provider: typeof ports.provider = async (name) => {
      if (name === 'gone') throw trouble('E_PROVIDER_UNKNOWN');
      return ports.provider(name);
    };
    const outcomes = await reconcile(sites, 'apply', config(...sites), {}, { ...ports, provider }, ctx());
    assert.deepEqual(summary(outcomes), {
      'example.org': ['create'],
      'foreign.example.org': ['refuse', 'E_RECORD_FOREIGN'],
      'lame.example.org': ['refuse', 'E_TARGET_ADDRESS'],
      'no.zone.test': ['fail', 'E_ZONE_NOT_FOUND'],
      'unknown.example.org': ['fail', 'E_PROVIDER_UNKNOWN'],
    });
  });

  it('leaves a CNAME, past which no provider reads, to the site that has it', async () => {
    const world = createWorld();
    const unlucky = parseDomainName('_matrix-fed._tcp.t42.example.org');
    world.provider.alias(unlucky, parseDomainName('elsewhere.net'));
    world.dns.interfere = (_, { name }) => (name === unlucky ? answer('NXDOMAIN') : undefined);
    const outcomes = summary(await run(world, { sites: tenants }));
    assert.deepEqual(outcomes['t42.example.org'], ['fail', 'E_RECORD_CNAME']);
    assert.equal(Object.values(outcomes).filter(([action]) => action === 'create').length, 99);
    assert.ok(count(world, 'provider.readRRsets') < 20, 'reads go with the trouble, not with the sites');
  });

  it('does not mind a CNAME where nothing is wanted', async () => {
    const world = createWorld();
    world.provider.alias(LEGACY, parseDomainName('elsewhere.net'));
    world.dns.interfere = (_, { name }) => (name === LEGACY ? answer('NXDOMAIN') : undefined);
    assert.deepEqual(summary(await run(world)), { 'example.org': ['create'] });
  });

  it('goes on with other zones when one cannot be read', async () => {
    const world = createWorld();
    const sites = [site(), site({ name: 'c1.hoster.net' })];
    const outcomes = await run(world, {
      sites,
      around: fails('provider.readRRsets', trouble('E_PROVIDER_FORBIDDEN')),
    });
    assert.deepEqual(summary(outcomes), {
      'example.org': ['fail', 'E_PROVIDER_FORBIDDEN'],
      'c1.hoster.net': ['create'],
    });
  });
});
