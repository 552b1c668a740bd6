import assert from 'node:assert/strict';
import type { Journal } from '../src/schedule/state.ts';
import { assertRefused } from './conformance/expectations.ts';
import { problem } from './support/fake-ca.ts';
import { count, fails, trouble } from './support/faults.ts';
import { type Around, CHALLENGE, EXAMPLE, type World, createWorld } from './support/fake-ports.ts';
import { WILDCARD, issueOnce } from './support/run-issue.ts';

describe('issuing', () => {
  it('gets one certificate for all the names, stores it, and leaves nothing else behind', async () => {
    const world = createWorld();
    const version = await issueOnce({ world });
    assert.deepEqual(version.facts.names, [EXAMPLE, WILDCARD]);
    assert.deepEqual(world.versions.get('example.org'), [version]);
    assert.equal(world.ca.issued.length, 1);
    assert.deepEqual(world.challengeValues(), []);
    assert.equal(world.state.journals.size, 0);
    assert.equal(world.state.ledger.length, 1);
    const { cert, chain, fullchain } = version.material;
    assert.equal(fullchain, cert + chain);
    assert.equal(cert.match(/BEGIN CERTIFICATE/g)?.length, 1);
  });

  it('puts both values of an apex and its wildcard into one change set', async () => {
    const world = createWorld();
    const seen: string[][] = [];
    const around: Around = async (call, perform) => {
      const done = await perform();
      if (call === 'provider.apply') seen.push(world.challengeValues());
      return done;
    };
    await issueOnce({ world, around });
    assert.deepEqual(
      seen.map((values) => values.length),
      [2, 0],
      'one write puts two values in, one takes two out',
    );
    assert.ok(seen[0]?.every((line) => line.startsWith(`${CHALLENGE} 60 IN TXT "value-of-`)));
  });

  it('leaves the values of others at the same name alone', async () => {
    const world = createWorld();
    world.provider.write({ name: CHALLENGE, type: 'TXT', ttl: 60, values: ['of somebody else'] });
    await issueOnce({ world });
    assert.deepEqual(world.challengeValues(), [`${CHALLENGE} 60 IN TXT "of somebody else"`]);
  });

  it('writes down what it is about to do before it does it', async () => {
    const world = createWorld();
    const journals = new Map<string, Journal | undefined>();
    const around: Around = async (call, perform) => {
      if (!journals.has(call)) journals.set(call, world.state.journals.get('example.org'));
      return perform();
    };
    await issueOnce({ world, around });
    const order = [
      'state.writeJournal',
      'state.appendLedger',
      'acme.account',
      'acme.newOrder',
      'acme.finalize',
    ];
    const firsts = order.map((call) => world.calls.indexOf(call));
    assert.deepEqual(
      firsts,
      firsts.toSorted((a, b) => a - b),
    );
    assert.ok(firsts.every((index) => index >= 0));
    assert.equal(typeof journals.get('acme.newOrder')?.privateKey, 'string');
    assert.equal(journals.get('acme.newOrder')?.orderUrl, undefined);
    assert.equal(journals.get('acme.authorization')?.orderUrl, world.ca.orders[0]?.url);
    assert.equal(journals.get('provider.apply')?.challenges.length, 2);
    assert.equal(journals.get('store.commit')?.privateKey, journals.get('acme.newOrder')?.privateKey);
  });

  it('asks the CA to look only when every name server has the values', async () => {
    const world = createWorld();
    await issueOnce({ world });
    const served = world.calls.lastIndexOf('dns.query', world.calls.indexOf('acme.respond'));
    assert.ok(world.calls.indexOf('provider.apply') < served);
    const asked = world.dns.asked.filter(
      (line) => line.endsWith(`${CHALLENGE} TXT`) && !line.startsWith('127.'),
    );
    assert.equal(new Set(asked).size, 3);
  });

  it('waits for a CA that is slow to issue', async () => {
    const world = createWorld();
    world.ca.isSlow = true;
    await issueOnce({ world });
    assert.equal(world.ca.issued.length, 1);
  });
});

describe('issuing that fails', () => {
  it('for want of a profile, or of a CA at all, is no attempt', async () => {
    const world = createWorld();
    world.ca.profiles = ['classic', 'shortlived'];
    await assertRefused(issueOnce({ world, profile: 'short' }), 'E_ACME_PROFILE');
    const away = fails('acme.directory', trouble('E_ACME_UNREACHABLE'));
    await assertRefused(issueOnce({ world, around: away }), 'E_ACME_UNREACHABLE');
    assert.deepEqual([count(world, 'acme.newOrder'), world.state.ledger.length], [0, 0]);
    assert.equal(world.state.journals.size, 0);
  });

  it('takes the values out again and keeps the order for the next run', async () => {
    const failures = [
      fails('acme.respond', trouble('E_ACME_UNREACHABLE', 'unknown'), 2),
      fails('acme.finalize', trouble('E_ACME_UNREACHABLE', 'unknown')),
      fails('acme.certificate', trouble('E_ACME_UNREACHABLE', 'unknown')),
    ];
    for (const around of failures) {
      const world = createWorld();
      await assertRefused(issueOnce({ world, around }), 'E_ACME_UNREACHABLE');
      untouched(world);
      assert.deepEqual(world.state.journals.get('example.org')?.challenges, []);
      await issueOnce({ world });
      assert.deepEqual([world.ca.orders.length, world.state.ledger.length], [1, 1]);
    }
  });

  it('takes the values out again when it is stopped, although it was stopped', async () => {
    const world = createWorld();
    const stop = new AbortController();
    const around: Around = async (call, perform) => {
      if (call === 'acme.respond') stop.abort();
      return perform();
    };
    await assertRefused(issueOnce({ world, around, signal: stop.signal }), 'E_ABORTED');
    untouched(world);
  });

  it('takes the values out again when it took too long, and says that it goes on', async () => {
    const world = createWorld();
    const around: Around = async (call, perform) => {
      if (call === 'acme.order') return { ...world.ca.orders[0], status: 'pending' };
      return perform();
    };
    const error = await assertRefused(issueOnce({ world, around, timeoutMs: 30 }), 'E_ACME_TIMEOUT');
    assert.match(error.hint ?? '', /the next run goes on/);
    untouched(world);
    assert.equal(world.state.journals.size, 1);
  });

  it('tells which name the CA could not validate and what it said, and forgets the order', async () => {
    const world = createWorld();
    const around: Around = async (call, perform) => {
      if (call === 'acme.respond') world.provider.erase({ name: CHALLENGE, type: 'TXT' });
      return perform();
    };
    const error = await assertRefused(issueOnce({ world, around }), 'E_ACME_AUTHORIZATION');
    assert.match(error.message, /could not validate example\.org: no such TXT value/);
    untouched(world);
    assert.equal(world.state.journals.size, 0);
  });

  it('writes nothing of a certificate that is not what was ordered', async () => {
    const world = createWorld();
    world.ca.names = () => [EXAMPLE];
    const error = await assertRefused(issueOnce({ world }), 'E_ACME_CERTIFICATE');
    assert.match(error.message, /not what was ordered: it is for example\.org\./);
    untouched(world);
    assert.equal(count(world, 'store.commit'), 0);
    assert.equal(world.state.journals.size, 0);
  });

  it('remembers the attempt when the CA says no, and nothing else', async () => {
    const world = createWorld();
    const around = fails('acme.newOrder', problem('rejectedIdentifier', 400, 'newOrder'));
    await assertRefused(issueOnce({ world, around }), 'E_ACME_PROBLEM');
    assert.deepEqual([world.state.journals.size, world.state.ledger.length], [0, 1]);
  });

  it('counts a CA that cannot be reached as one attempt, however often it is tried', async () => {
    const world = createWorld();
    for (let attempt = 0; attempt < 5; attempt += 1)
      await assertRefused(
        issueOnce({ world, around: fails('acme.account', trouble('E_ACME_UNREACHABLE')) }),
        'E_ACME_UNREACHABLE',
      );
    await issueOnce({ world });
    assert.equal(world.state.ledger.length, 1);
  });

  it('asks the CA no third time in a day, unless forced', async () => {
    const world = createWorld();
    world.ca.names = () => [EXAMPLE];
    for (let attempt = 0; attempt < 2; attempt += 1)
      await assertRefused(issueOnce({ world }), 'E_ACME_CERTIFICATE');
    const error = await assertRefused(issueOnce({ world }), 'E_ACME_LEDGER');
    const first = world.state.ledger[0]?.at.getTime() ?? 0;
    assert.deepEqual(error.retry, { kind: 'at', at: new Date(first + 24 * 3_600_000) });
    assert.equal(world.ca.orders.length, 2);
    await assertRefused(issueOnce({ world, force: true }), 'E_ACME_CERTIFICATE');
    assert.equal(world.ca.orders.length, 3);
  });

  it('publishes nothing where the place of the challenge cannot be told', async () => {
    const world = createWorld();
    world.dns.records.push({ name: CHALLENGE, ttl: 60, type: 'CNAME', data: CHALLENGE });
    await assertRefused(issueOnce({ world }), 'E_CHALLENGE_CNAME');
    assert.equal(count(world, 'provider.apply'), 0);
  });

  it('keeps the certificate although the values would not go, and has the next run take them out', async () => {
    const world = createWorld();
    let writes = 0;
    const around: Around = async (call, perform) => {
      if (call === 'provider.apply' && (writes += 1) > 1) throw trouble('E_PROVIDER_FORBIDDEN');
      return perform();
    };
    const version = await issueOnce({ world, around });
    assert.deepEqual(world.versions.get('example.org'), [version]);
    assert.equal(world.challengeValues().length, 2);
    assert.equal(world.state.journals.get('example.org')?.challenges.length, 2);
    assert.match(world.warnings.join(), /values stay behind/);
  });

  it('keeps in the journal what it could not take back', async () => {
    const world = createWorld();
    let writes = 0;
    const around: Around = async (call, perform) => {
      if (call === 'acme.respond') throw trouble('E_ACME_UNREACHABLE', 'unknown');
      if (call === 'provider.apply' && (writes += 1) > 1) throw trouble('E_PROVIDER_FORBIDDEN');
      return perform();
    };
    await assertRefused(issueOnce({ world, around }), 'E_ACME_UNREACHABLE');
    assert.equal(world.state.journals.get('example.org')?.challenges.length, 2);
    await issueOnce({ world });
    assert.deepEqual(world.challengeValues(), []);
    assert.equal(world.ca.orders.length, 1);
  });
});

function untouched(world: World): void {
  assert.deepEqual(world.challengeValues(), []);
  assert.equal(world.versions.size, 0);
}
