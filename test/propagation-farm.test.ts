/** The laws of the wait, held against farms of name servers that nobody wrote down. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { DelegatedError } from '../src/errors.ts';
import { assertRefused } from './conformance/expectations.ts';
import type { Conduct } from './fakes/dns-farm.ts';
import { APEX, CHALLENGE, RESOLVER, type FarmWorld, createFarmWorld } from './support/farm-world.ts';
import { tries } from './support/replay.ts';

/** What no server may do when it counts as one that serves. */
const FAULTS: readonly Conduct[] = [
  'SERVFAIL',
  'REFUSED',
  'silent',
  'truncates, TCP closed',
  'refers upward',
  'no authority',
  'answers from a cache',
  'echoes another question',
];
const SAYS: Readonly<Partial<Record<Conduct, RegExp>>> = {
  SERVFAIL: /it answers SERVFAIL/,
  REFUSED: /it answers REFUSED/,
  silent: /did not answer/,
  'truncates, TCP closed': /did not answer/,
  'refers upward': /it is not in charge, and refers to the name servers of \./,
  'no authority': /it answers without authority \(AA\)/,
  'answers from a cache': /it answers without authority \(AA\)/,
  'echoes another question': /did not answer/,
};

const name = (index: number): string => `ns${index}.elsewhere.net`;
const address = (index: number): string => (index % 3 === 2 ? `2001:db8::${index}` : `192.0.2.${index}`);

const lags = fc.array(
  fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 110_000 })),
  { minLength: 1, maxLength: 5 },
);

function farmOf(lagsMs: readonly number[], roundTripMs = 1, timeoutMs = 120_000): FarmWorld {
  return createFarmWorld({
    servers: lagsMs.map((lagMs, index) => ({ name: name(index), address: address(index), lagMs })),
    roundTripMs: () => roundTripMs,
    timeoutMs,
  });
}

function lagging({ farm, value }: FarmWorld): string[] {
  return farm.servers.filter((server) => !farm.serves(server, CHALLENGE, value)).map((each) => each.name);
}

describe('the wait for a farm of name servers', function () {
  this.timeout(120_000);
  it('never ends before every one of them serves the value, and adds at most half of it and 50 ms, and 5 s', async () => {
    const added: number[] = [];
    await fc.assert(
      fc.asyncProperty(lags, fc.integer({ min: 1, max: 300 }), async (lagsMs, roundTripMs) => {
        const world = farmOf(lagsMs, roundTripMs);
        await world.publish();
        assert.deepEqual(lagging(world), []);
        const waited = world.clock.monotonic() - world.farm.publishedAt();
        const needed = Math.max(...lagsMs);
        // To learn whom to ask takes three questions to the resolver; the last answer takes one round trip.
        const asking = 5 * roundTripMs;
        assert.ok(waited - needed <= Math.min(5_000, needed / 2 + 50) + asking, `${waited} for ${needed}`);
        added.push(waited - needed);
      }),
      tries(300),
    );
    const median = added.sort((a, b) => a - b)[Math.floor(added.length / 2)] ?? Infinity;
    assert.ok(median < 3_000, `${median} ms`);
  });

  it('ends in an error that names the one that never serves it, and why, and nobody else', async () => {
    await fc.assert(
      fc.asyncProperty(
        lags,
        fc.constantFrom(...FAULTS),
        fc.nat({ max: 4 }),
        async (lagsMs, conduct, position) => {
          const world = farmOf(lagsMs.length === 1 ? [0, ...lagsMs] : lagsMs);
          const bad = world.farm.servers[position % world.farm.servers.length];
          assert.ok(bad);
          bad.conduct = conduct;
          const error = await assertRefused(world.publish(), 'E_NOT_PROPAGATED');
          assert.deepEqual(named(error, world), [bad.name]);
          assert.match(error.message, SAYS[conduct] ?? /never/);
        },
      ),
      tries(200),
    );
  });

  it('goes on when a server that failed has recovered, however it failed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FAULTS),
        fc.integer({ min: 1, max: 100_000 }),
        async (conduct, healedAt) => {
          const world = farmOf([0, 0, 0]);
          const [bad] = world.farm.servers;
          assert.ok(bad);
          bad.conduct = conduct;
          const never = new AbortController().signal;
          void world.clock.sleep(healedAt, never).then(() => (bad.conduct = 'answers'));
          await world.publish();
          const waited = world.clock.monotonic() - world.farm.publishedAt();
          // Two questions that stay without an answer, over UDP and TCP, cost 2 s each.
          assert.ok(waited <= Math.max(healedAt * 1.5 + 50, 0) + 4_010, `${waited} for ${healedAt}`);
          assert.ok(waited - healedAt <= 5_000 + 4_010);
        },
      ),
      tries(100),
    );
  });

  it('says who never catches up', async () => {
    const world = farmOf([0, Infinity, 40]);
    const error = await assertRefused(world.publish(), 'E_NOT_PROPAGATED');
    assert.deepEqual(named(error, world), [name(1)]);
    assert.match(error.message, /it does not have it yet/);
  });

  it('takes an answer over TCP where UDP has no room for it', async () => {
    const world = farmOf([0, 0]);
    for (const server of world.farm.servers) server.conduct = 'truncates';
    await world.publish();
    assert.ok(world.farm.servers.every(({ asked }) => asked.some(({ transport }) => transport === 'tcp')));
  });
});

describe('the resolver', function () {
  this.timeout(120_000);
  it('is never asked for a challenge, whatever one of the servers does, so it never remembers that there is none', async () => {
    await fc.assert(
      fc.asyncProperty(
        lags,
        fc.constantFrom<Conduct>('answers', ...FAULTS),
        fc.nat({ max: 4 }),
        async (lagsMs, conduct, position) => {
          const world = farmOf([0, ...lagsMs]);
          const odd = world.farm.servers[position % world.farm.servers.length];
          assert.ok(odd);
          odd.conduct = conduct;
          await world.publish().catch(() => undefined);
          const asked = world.resolver.asked.map((each) => each.name);
          assert.ok(asked.includes(APEX));
          assert.deepEqual(
            asked.filter((each) => each.startsWith('_acme-challenge')),
            [],
          );
          assert.equal(world.resolver.poisoned(CHALLENGE, 'TXT'), false);
        },
      ),
      tries(200),
    );
  });

  it('is what `nameServers` may name behind a firewall, and is given the time to forget', async () => {
    const world = createFarmWorld({
      servers: [{ name: name(0), address: address(0), lagMs: 4_000 }],
      negativeTtl: 30,
      blocked: true,
      nameServers: [RESOLVER],
    });
    await world.publish();
    assert.equal(world.resolver.poisoned(CHALLENGE, 'TXT'), false);
    const waited = world.clock.monotonic() - world.farm.publishedAt();
    assert.ok(waited > 4_000 && waited <= 61_000, `${waited}`);
  });

  it('says for how long it remembers that there was nothing', async () => {
    const world = createFarmWorld({
      servers: [{ name: name(0), address: address(0) }],
      negativeTtl: 1_800,
      blocked: true,
      nameServers: [RESOLVER],
    });
    const error = await assertRefused(world.publish(), 'E_NOT_PROPAGATED');
    assert.match(error.message, /it remembers an older answer for 1[67]\d\d s/);
  });

  it('alone is not enough where nothing says so: the error says what to open or to set', async () => {
    const world = createFarmWorld({ servers: [{ name: name(0), address: address(0) }], blocked: true });
    const error = await assertRefused(world.publish(), 'E_DNS_UNANSWERED');
    assert.match(error.message, /the resolver knows the name servers of example\.org\., and none of them/);
    assert.match(error.hint ?? '', /open port 53 outward.*`nameServers` of the provider/);
  });
});

describe('the CNAME of a challenge, in a farm', () => {
  const servers = [{ name: name(0), address: address(0) }];
  const at = (...records: readonly (readonly ['CNAME' | 'DNAME', string, string])[]) =>
    createFarmWorld({
      servers,
      records: records.map(([type, owner, data]) => ({ type, name: owner, ttl: 60, data })),
    });

  it('is followed', async () => {
    const [place] = await at(['CNAME', CHALLENGE, `here.acme.${APEX}`]).locate();
    assert.equal(place?.name, `here.acme.${APEX}.`);
  });

  it('is refused where a wildcard made it, at the name or above it', async () => {
    const error = await assertRefused(
      at(['CNAME', `*.${APEX}`, `here.${APEX}`]).locate(),
      'E_CHALLENGE_CNAME',
    );
    assert.match(error.message, /only because the wildcard \*\.example\.org\. is/);
    assert.match(error.hint ?? '', /publish a record of its own at _acme-challenge\.example\.org\./);
  });

  it('is not taken for absent where the first server is lame', async () => {
    const world = createFarmWorld({
      servers: [
        { name: name(0), address: address(0), conduct: 'refers upward' },
        { name: name(1), address: address(1) },
      ],
      records: [{ type: 'CNAME', name: CHALLENGE, ttl: 60, data: `here.acme.${APEX}` }],
    });
    const [place] = await world.locate();
    assert.equal(place?.name, `here.acme.${APEX}.`);
  });

  it('is refused in a loop', async () => {
    const loop = at(['CNAME', CHALLENGE, `a.${APEX}`], ['CNAME', `a.${APEX}`, CHALLENGE]);
    await assertRefused(loop.locate(), 'E_CHALLENGE_CNAME');
  });

  it('is followed through a DNAME', async () => {
    const world = at(['CNAME', CHALLENGE, `x.old.${APEX}`], ['DNAME', `old.${APEX}`, `new.${APEX}`]);
    const [place] = await world.locate();
    assert.equal(place?.name, `x.new.${APEX}.`);
  });

  it('is looked for in the zone that the parent refers to, and not at the resolver', async () => {
    const below = [{ name: 'ns9.elsewhere.net', address: '192.0.2.9' }];
    const world = createFarmWorld({
      servers,
      records: [{ type: 'NS', name: CHALLENGE, ttl: 60, data: 'ns9.elsewhere.net' }],
      others: [{ apex: CHALLENGE, servers: below }],
    });
    const [place] = await world.locate();
    assert.equal(place?.name, `${CHALLENGE}.`);
    assert.deepEqual(
      world.resolver.asked.filter((each) => each.name === CHALLENGE),
      [],
    );
  });
});

/** The servers of the farm that a message names. */
function named({ message }: DelegatedError, { farm }: FarmWorld): string[] {
  return farm.servers.filter((server) => message.includes(`${server.name}.`)).map((server) => server.name);
}
