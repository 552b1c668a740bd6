import assert from 'node:assert/strict';
import type { OrderStatus } from '../src/acme/order.ts';
import { sweep } from '../src/sweep.ts';
import { assertRefused } from './conformance/expectations.ts';
import { diesAt } from './support/dies-at.ts';
import { problem } from './support/fake-ca.ts';
import { count, fails, trouble } from './support/faults.ts';
import { CHALLENGE, type World, certificate, config, createWorld, ctx, site } from './support/fake-ports.ts';
import { BOTH, issueOnce } from './support/run-issue.ts';

const CONFIG = config(BOTH);

/** A world in which a process died at its n-th call of a port. */
async function afterDeath(
  call: string,
  when: 'before' | 'after' = 'before',
  world = createWorld(),
): Promise<World> {
  const { around, died } = diesAt(1, when, (each) => each === call);
  await Promise.race([died, issueOnce({ world, around })]);
  return world;
}

/** Where a run has to die to leave its order in a state. */
const LEFT: readonly (readonly [OrderStatus, string, 'before' | 'after'])[] = [
  ['pending', 'acme.authorization', 'before'],
  ['pending', 'acme.respond', 'before'],
  ['pending', 'acme.respond', 'after'],
  ['ready', 'acme.finalize', 'before'],
  ['processing', 'acme.finalize', 'after'],
  ['valid', 'acme.certificate', 'before'],
  ['valid', 'store.commit', 'before'],
];

describe('an order of a run that died', () => {
  for (const [status, call, when] of LEFT)
    it(`is finished when it was left ${status} (${when} ${call}), with the same key`, async () => {
      const world = createWorld();
      world.ca.isSlow = status === 'processing';
      await afterDeath(call, when, world);
      assert.equal(world.ca.orders[0]?.status, status);
      const key = world.state.journals.get('example.org')?.privateKey;
      const version = await issueOnce({ world });
      assert.equal(version.material.privateKey, key);
      assert.deepEqual(
        [world.ca.orders.length, world.ca.issued.length, world.state.ledger.length],
        [1, 1, 1],
        'no second order, certificate or entry in the ledger',
      );
      assert.deepEqual(world.challengeValues(), []);
      assert.equal(world.state.journals.size, 0);
    });

  it('is found again at a CA that lists orders, where the answer never came', async () => {
    const world = createWorld();
    world.ca.listsOrders = true;
    await afterDeath('acme.newOrder', 'after', world);
    assert.equal(world.state.journals.get('example.org')?.orderUrl, undefined);
    await issueOnce({ world });
    assert.deepEqual([world.ca.orders.length, world.state.ledger.length], [1, 1]);
  });

  it('counts as an attempt where its answer never came and the CA keeps no list', async () => {
    const world = createWorld();
    await afterDeath('acme.newOrder', 'after', world);
    await issueOnce({ world });
    assert.deepEqual([world.ca.orders.length, world.state.ledger.length], [2, 2]);
  });

  it('counts once however often the CA could not be reached before it was asked', async () => {
    const world = createWorld();
    const unreachable = trouble('E_ACME_UNREACHABLE', 'not-applied');
    for (const call of ['acme.account', 'acme.newOrder', 'acme.account', 'acme.newOrder'])
      await assertRefused(issueOnce({ world, around: fails(call, unreachable) }), 'E_ACME_UNREACHABLE');
    await issueOnce({ world });
    assert.deepEqual([world.ca.orders.length, world.state.ledger.length], [1, 1]);
  });

  it('that came to nothing is replaced by another one, which counts as another attempt', async () => {
    const world = await afterDeath('acme.respond', 'after');
    world.provider.erase({ name: CHALLENGE, type: 'TXT' });
    await world.ca.client().order(world.ca.orders[0]?.url ?? '', ctx());
    assert.equal(world.ca.orders[0]?.status, 'invalid');
    await issueOnce({ world });
    assert.deepEqual([world.ca.orders.length, world.ca.issued.length, world.state.ledger.length], [2, 1, 2]);
    assert.deepEqual(world.challengeValues(), []);
  });

  it('is gone on with when its certificate came as something else', async () => {
    const world = createWorld();
    await assertRefused(
      issueOnce({ world, around: fails('acme.certificate', trouble('E_ACME_PROBLEM')) }),
      'E_ACME_PROBLEM',
    );
    await issueOnce({ world });
    assert.deepEqual([world.ca.orders.length, world.state.ledger.length], [1, 1]);
  });

  it('that the CA has forgotten is replaced too', async () => {
    const world = await afterDeath('acme.respond');
    world.ca.orders.length = 0;
    await issueOnce({ world });
    assert.equal(world.state.ledger.length, 2);
    assert.deepEqual(world.challengeValues(), []);
  });

  it('is not given up for a CA in trouble, which says nothing of the order', async () => {
    const world = await afterDeath('acme.respond');
    for (const error of [
      problem('serverInternal', 500, 'order'),
      problem('serverInternal', 503, 'order'),
      problem('rateLimited', 429, 'order'),
      problem('badNonce', 400, 'order'),
      trouble('E_ACME_UNREACHABLE', 'unknown'),
      trouble('E_ACME_PROBLEM', 'unknown'),
    ]) {
      await assertRefused(issueOnce({ world, around: fails('acme.order', error) }), error.code);
      assert.deepEqual(world.challengeValues(), [], 'its values do not wait for the CA');
    }
    await issueOnce({ world });
    assert.deepEqual([world.ca.orders.length, world.state.ledger.length], [1, 1]);
  });

  it('for another profile is taken back before a new one is placed', async () => {
    const world = await afterDeath('acme.respond');
    world.ca.profiles = ['shortlived'];
    await issueOnce({ world, profile: 'shortlived' });
    assert.equal(world.ca.orders.length, 2);
    assert.deepEqual(world.challengeValues(), []);
  });

  it('for other names or another key type is taken back before a new one is placed', async () => {
    const others = [
      site({ certificate: certificate() }),
      { ...BOTH, certificate: certificate({ ...BOTH.certificate, keyType: 'ec384' }) },
    ];
    for (const other of others) {
      const world = await afterDeath('acme.respond');
      assert.equal(world.challengeValues().length, 2);
      world.calls.length = 0;
      await issueOnce({ world, site: other });
      assert.ok(world.calls.indexOf('provider.apply') < world.calls.indexOf('acme.newOrder'));
      assert.equal(world.ca.orders.length, 2);
      assert.deepEqual(world.challengeValues(), []);
    }
  });
});

describe('a sweep', () => {
  it('takes exactly our values out and forgets the journal', async () => {
    const world = await afterDeath('acme.respond');
    const ours = world.state.journals.get('example.org')?.challenges ?? [];
    assert.equal(ours.length, 2);
    world.provider.write({
      name: CHALLENGE,
      type: 'TXT',
      ttl: 60,
      values: ['of somebody else', ...ours.map(({ value }) => value)],
    });
    await sweep('example.org', CONFIG, world.ports(), ctx());
    assert.deepEqual(world.challengeValues(), [`${CHALLENGE} 60 IN TXT "of somebody else"`]);
    assert.equal(world.state.journals.size, 0);
  });

  it('keeps the journal while the values would not go', async () => {
    const world = await afterDeath('acme.respond');
    const ports = world.ports(fails('provider.apply', trouble('E_PROVIDER_FORBIDDEN')));
    await sweep('example.org', CONFIG, ports, ctx());
    assert.deepEqual([...world.state.journals.keys()], ['stale example.org']);
    await sweep('stale example.org', CONFIG, world.ports(), ctx());
    assert.equal(world.state.journals.size, 0);
    assert.deepEqual(world.challengeValues(), []);
  });

  it('touches no zone where nothing was published', async () => {
    const world = await afterDeath('acme.authorization');
    await sweep('example.org', CONFIG, world.ports(), ctx());
    assert.equal(count(world, 'provider.apply'), 0);
    assert.equal(world.state.journals.size, 0);
  });

  it('does the other zones although one refuses', async () => {
    const world = await afterDeath('acme.respond');
    const journal = world.state.journals.get('example.org');
    assert.ok(journal !== undefined);
    const [first] = journal.challenges;
    assert.ok(first !== undefined);
    const gone = { ...first, provider: 'gone' };
    world.state.journals.set('example.org', { ...journal, challenges: [gone, ...journal.challenges] });
    const ports = world.ports();
    const provider: typeof ports.provider = async (name) => {
      if (name === 'gone') throw trouble('E_PROVIDER_UNKNOWN');
      return ports.provider(name);
    };
    await sweep('example.org', CONFIG, { ...ports, provider }, ctx());
    assert.deepEqual(world.challengeValues(), []);
  });
});
