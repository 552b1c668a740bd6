import assert from 'node:assert/strict';
import { createMemory } from '../providers/memory/index.ts';
import type { Authorization } from '../src/acme/order.ts';
import { locateChallenges, publishChallenges, removeChallenges } from '../src/challenges.ts';
import { type DomainName, under } from '../src/dns/domain-name.ts';
import { assertRefused } from './conformance/expectations.ts';
import { count, fails, trouble } from './support/faults.ts';
import {
  CHALLENGE,
  EXAMPLE,
  HOSTER,
  MATRIX,
  type World,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';

const AT_HOSTER = under('example-org.acme', HOSTER);
const VALUE = { provider: 'main', zoneId: EXAMPLE, zoneName: EXAMPLE, name: CHALLENGE, value: 'value' };

function authorization(name: DomainName, token: string, wildcard = false): Authorization {
  const dns01 = { url: `https://ca.test/${token}`, status: 'pending', token } as const;
  return { url: `https://ca.test/${token}`, status: 'pending', name, wildcard, offers: ['dns-01'], dns01 };
}

async function locate(world: World, authorizations: readonly Authorization[], of = site()) {
  const ports = world.ports();
  return locateChallenges(
    of,
    authorizations,
    await ports.acme('https://ca.test/directory'),
    config(of),
    ports,
    ctx(),
  );
}

describe('the challenges of an order', () => {
  it('of an apex and its wildcard share one place, which is looked for once', async () => {
    const world = createWorld();
    const located = await locate(world, [authorization(EXAMPLE, 'a'), authorization(EXAMPLE, 'b', true)]);
    assert.deepEqual(
      located.map(({ name, value }) => [name, value]),
      [
        [CHALLENGE, 'value-of-a'],
        [CHALLENGE, 'value-of-b'],
      ],
    );
    assert.equal(count(world, 'provider.findZone'), 1);
  });

  it('go where a CNAME leads, by the provider that the site names for that', async () => {
    const world = createWorld();
    world.dns.records.push({ name: CHALLENGE, ttl: 60, type: 'CNAME', data: AT_HOSTER });
    const [located] = await locate(
      world,
      [authorization(EXAMPLE, 'a')],
      site({ challengeProvider: 'other' }),
    );
    assert.deepEqual(located, {
      provider: 'other',
      zoneId: HOSTER,
      zoneName: HOSTER,
      name: AT_HOSTER,
      value: 'value-of-a',
    });
  });

  it('have no place where the provider does not host the zone, and the hint says what to do', async () => {
    const world = createWorld();
    const ports = { ...world.ports(), provider: async () => createMemory({ zones: [HOSTER] }) };
    const work = (of = site()) =>
      world
        .ports()
        .acme('https://ca.test/directory')
        .then((acme) => locateChallenges(of, [authorization(EXAMPLE, 'a')], acme, config(of), ports, ctx()));
    assert.match((await assertRefused(work(), 'E_ZONE_NOT_FOUND')).hint ?? '', /challenge: \{ provider/);
    const named = await assertRefused(work(site({ challengeProvider: 'other' })), 'E_ZONE_NOT_FOUND');
    assert.match(named.hint ?? '', /does `challenge\.provider` of the site name the right provider/);
  });

  it('go into the zone that the config names, unless a CNAME leads out of it', async () => {
    const world = createWorld();
    const asked: string[] = [];
    const memory = createMemory({ zones: [EXAMPLE, HOSTER] });
    const provider = {
      ...memory,
      zoneById: async (id: string) => {
        asked.push(id);
        return id === 'twin' ? { id, name: EXAMPLE } : null;
      },
    };
    const ports = { ...world.ports(), provider: async () => provider };
    const acme = await ports.acme('https://ca.test/directory');
    const of = site({ zone: 'twin' });
    const place = await locateChallenges(of, [authorization(EXAMPLE, 'a')], acme, config(of), ports, ctx());
    assert.equal(place[0]?.zoneId, 'twin');
    world.dns.records.push({ name: CHALLENGE, ttl: 60, type: 'CNAME', data: AT_HOSTER });
    const led = await locateChallenges(of, [authorization(EXAMPLE, 'a')], acme, config(of), ports, ctx());
    assert.equal(led[0]?.zoneName, HOSTER);
    assert.deepEqual(asked, ['twin', 'twin']);
  });

  it('say which CNAME to add where the provider answers under a name of its own, until it is there', async () => {
    const world = createWorld();
    const asked: string[] = [];
    const provider = {
      ...world.provider,
      findZone: async (name: DomainName) => (name === AT_HOSTER ? { id: HOSTER, name: HOSTER } : null),
      challengeTarget: async (name: DomainName) => {
        asked.push(name);
        return AT_HOSTER;
      },
    };
    const ports = { ...world.ports(), provider: async () => provider };
    const work = async () =>
      locateChallenges(
        site(),
        [authorization(EXAMPLE, 'a')],
        await ports.acme('https://ca.test/directory'),
        config(site()),
        ports,
        ctx(),
      );
    const error = await assertRefused(work(), 'E_CHALLENGE_CNAME');
    assert.match(error.hint ?? '', new RegExp(`add this record.*: ${CHALLENGE} CNAME ${AT_HOSTER}$`));
    assert.equal(error.retry.kind, 'backoff');
    world.dns.records.push({ name: CHALLENGE, ttl: 60, type: 'CNAME', data: AT_HOSTER });
    assert.equal((await work())[0]?.name, AT_HOSTER);
    assert.deepEqual(asked, [CHALLENGE]);
  });

  it('say it for every name at once', async () => {
    const world = createWorld();
    const provider = {
      ...world.provider,
      findZone: async () => null,
      challengeTarget: async (name: DomainName) => under(name === CHALLENGE ? 'one' : 'two', HOSTER),
    };
    const ports = { ...world.ports(), provider: async () => provider };
    const asked = [
      authorization(EXAMPLE, 'a'),
      authorization(EXAMPLE, 'b', true),
      authorization(MATRIX, 'c'),
    ];
    const work = locateChallenges(
      site(),
      asked,
      await ports.acme('https://ca.test/directory'),
      config(site()),
      ports,
      ctx(),
    );
    const { hint = '' } = await assertRefused(work, 'E_CHALLENGE_CNAME');
    assert.equal(hint.split('; ').length, 2);
    assert.match(hint, /_acme-challenge\.example\.org\. CNAME one\.hoster\.net\./);
    assert.match(hint, /_acme-challenge\.matrix\.example\.org\. CNAME two\.hoster\.net\./);
  });

  it('are an error at a CA that does not validate by DNS', async () => {
    const { dns01: _, ...without } = authorization(EXAMPLE, 'a');
    await assertRefused(locate(createWorld(), [without]), 'E_ACME_AUTHORIZATION');
  });
});

describe('challenge values', () => {
  it('of one zone go in by one write, whatever their names, and out by another one', async () => {
    const world = createWorld();
    const values = [
      VALUE,
      { ...VALUE, value: 'second' },
      { ...VALUE, name: under('_acme-challenge', MATRIX) },
    ];
    await publishChallenges(site(), values, config(site()), world.ports(), ctx());
    assert.equal(count(world, 'provider.apply'), 1);
    assert.equal(world.challengeValues().length, 3);
    await removeChallenges(values, world.ports(), ctx());
    assert.equal(count(world, 'provider.apply'), 2);
    assert.deepEqual(world.challengeValues(), []);
  });

  it('are written once more when nobody knows whether they were written', async () => {
    for (const when of ['before', 'after'] as const) {
      const world = createWorld();
      const around = fails('provider.apply', trouble('E_PROVIDER_TIMEOUT', 'unknown'), 1, when);
      await publishChallenges(site(), [VALUE], config(site()), world.ports(around), ctx());
      assert.equal(world.challengeValues().length, 1);
      assert.equal(count(world, 'provider.apply'), 2);
    }
  });

  it('go to a provider that cannot be read, and the name servers prove them', async () => {
    const world = createWorld();
    const provider = {
      ...world.provider,
      capabilities: { ...world.provider.capabilities, types: ['TXT'] as const, reads: false },
      readRRsets: async () => assert.fail('it cannot be read'),
    };
    const ports = { ...world.ports(), provider: async () => provider };
    await publishChallenges(site(), [VALUE], config(site()), ports, ctx());
    assert.equal(world.challengeValues().length, 1);
    assert.ok(world.dns.asked.some((line) => line.endsWith(`${CHALLENGE} TXT`)));
    await removeChallenges([VALUE], ports, ctx());
    assert.deepEqual(world.challengeValues(), []);
  });

  it('are not written again where the provider refused', async () => {
    const world = createWorld();
    const ports = world.ports(fails('provider.apply', trouble('E_PROVIDER_FORBIDDEN')));
    await assertRefused(
      publishChallenges(site(), [VALUE], config(site()), ports, ctx()),
      'E_PROVIDER_FORBIDDEN',
    );
    assert.equal(count(world, 'provider.apply'), 1);
  });

  it('are taken out once although two runs noted them', async () => {
    const world = createWorld();
    await publishChallenges(site(), [VALUE], config(site()), world.ports(), ctx());
    const sizes: number[] = [];
    const provider = {
      ...world.provider,
      apply: (...args: Parameters<typeof world.provider.apply>) => {
        sizes.push(...args[1].map((change) => ('values' in change ? change.values.length : 0)));
        return world.provider.apply(...args);
      },
    };
    await removeChallenges(
      [VALUE, { ...VALUE }],
      { ...world.ports(), provider: async () => provider },
      ctx(),
    );
    assert.deepEqual(sizes, [1]);
  });
});
