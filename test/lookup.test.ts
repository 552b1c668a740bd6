import assert from 'node:assert/strict';
import { type DomainName, parseDomainName, under } from '../src/dns/domain-name.ts';
import type { Ports } from '../src/ports.ts';
import { ask, examineTarget, followChallenge, nameServersOf, zoneApex } from '../src/lookup.ts';
import { assertRefused } from './conformance/expectations.ts';
import { answer, silence } from './support/fake-dns.ts';
import {
  CHALLENGE,
  EXAMPLE,
  HOSTER,
  MATRIX,
  RESOLVER,
  type World,
  createWorld,
  ctx,
} from './support/fake-ports.ts';

const SECOND = { address: '127.0.0.2', port: 53 };
const AT_HOSTER = under('example-org.acme', HOSTER);

const QUESTION = { name: EXAMPLE, type: 'A' } as const;
/** The first resolver says this, the second one knows. */
function resolvers(first: string): { readonly world: World; readonly ports: Ports } {
  const world = createWorld();
  world.dns.interfere = (server) => {
    if (server.address === RESOLVER.address) {
      if (first === 'silent') throw silence(server);
      return answer(first);
    }
    return answer('NOERROR', [{ name: EXAMPLE, ttl: 1, type: 'A', data: '192.0.2.9' }]);
  };
  return { world, ports: { ...world.ports(), resolvers: [RESOLVER, SECOND] } };
}

describe('a question to the resolvers', () => {
  it('goes to the next one while the answer says nothing about the name', async () => {
    for (const first of ['SERVFAIL', 'REFUSED', 'FORMERR', 'silent']) {
      const { world, ports } = resolvers(first);
      assert.equal((await ask(QUESTION, ports, ctx())).answers.length, 1);
      assert.equal(world.dns.asked.length, 2);
    }
  });

  it('ends with the first that knows, also when it knows that there is nothing', async () => {
    for (const first of ['NOERROR', 'NXDOMAIN']) {
      const { world, ports } = resolvers(first);
      assert.deepEqual((await ask(QUESTION, ports, ctx())).answers, []);
      assert.equal(world.dns.asked.length, 1);
    }
  });

  it('that nobody answers is an error that names everybody and why', async () => {
    const world = createWorld();
    world.dns.interfere = (server) => {
      if (server.address === SECOND.address) throw silence(server);
      return answer('SERVFAIL');
    };
    const ports = { ...world.ports(), resolvers: [RESOLVER, SECOND] };
    const error = await assertRefused(ask(QUESTION, ports, ctx()), 'E_DNS_UNANSWERED');
    assert.match(
      error.message,
      /example\.org\. A: 127\.0\.0\.1:53 answered SERVFAIL; 127\.0\.0\.2 is silent/,
    );
    assert.deepEqual(error.retry, { kind: 'backoff' });
    assert.match(error.hint ?? '', /`resolvers`/);
    await assertRefused(ask(QUESTION, { ...ports, resolvers: [] }, ctx()), 'E_DNS_UNANSWERED');
  });
});

describe('what DNS says of an SRV target', () => {
  it('is its addresses, of both families', async () => {
    const fact = await examineTarget(MATRIX, createWorld().ports(), ctx());
    assert.deepEqual(fact, { kind: 'addresses', addresses: ['203.0.113.5', '2001:db8::5'] });
  });

  it('is an alias, although the resolver gives the addresses behind it', async () => {
    const world = createWorld();
    const alias = under('alias', EXAMPLE);
    world.dns.records.push({ name: alias, ttl: 60, type: 'CNAME', data: MATRIX });
    assert.deepEqual(await examineTarget(alias, world.ports(), ctx()), { kind: 'alias', target: MATRIX });
  });

  it('is nothing, where the name is proven to have no address', async () => {
    assert.deepEqual(await examineTarget(under('nobody', EXAMPLE), createWorld().ports(), ctx()), {
      kind: 'none',
    });
  });

  it('is unknown, where one family answers SERVFAIL', async () => {
    const world = createWorld();
    world.dns.interfere = (_, { type }) => (type === 'AAAA' ? answer('SERVFAIL') : undefined);
    const fact = await examineTarget(MATRIX, world.ports(), ctx());
    assert.ok(fact.kind === 'unknown');
    assert.equal(fact.error.code, 'E_DNS_UNANSWERED');
  });
});

describe('the zone of a name', () => {
  it('is the deepest one, also for a name that does not exist', async () => {
    const ports = createWorld().ports();
    for (const name of [EXAMPLE, MATRIX, under('a.b.c', EXAMPLE)])
      assert.equal(await zoneApex(name, ports, ctx()), EXAMPLE);
  });

  it('of an alias is the one that holds the alias, not the one that it leads into', async () => {
    const world = createWorld();
    const alias = under('chat', EXAMPLE);
    world.dns.records.push({ name: alias, ttl: 60, type: 'CNAME', data: under('c1', HOSTER) });
    world.dns.records.push({ name: under('c1', HOSTER), ttl: 60, type: 'A', data: '198.51.100.7' });
    assert.equal(await zoneApex(alias, world.ports(), ctx()), EXAMPLE);
  });

  it('is an error where nobody knows one', async () => {
    const world = createWorld();
    world.dns.interfere = () => answer('NXDOMAIN');
    await assertRefused(zoneApex(MATRIX, world.ports(), ctx()), 'E_ZONE_NOT_FOUND');
  });

  it('has servers, each with all its addresses', async () => {
    const servers = await nameServersOf(EXAMPLE, createWorld().ports(), ctx());
    assert.deepEqual(
      servers.map(({ name, endpoints }) => [name, endpoints.map(({ address }) => address)]),
      [
        ['ns1.example.org.', ['192.0.2.1']],
        ['ns2.example.org.', ['192.0.2.2', '2001:db8:192::2']],
      ],
    );
  });
});

describe('the place of a challenge', () => {
  it('is the name itself where no CNAME stands', async () => {
    assert.equal(await place(createWorld()), CHALLENGE);
  });

  it('is never asked of a resolver, which would remember that there is no such name', async () => {
    const world = createWorld();
    await place(world);
    assert.deepEqual(
      world.dns.asked.filter((line) => line.startsWith(`${RESOLVER.address} ${CHALLENGE}`)),
      [],
    );
  });

  it('is the end of the chain of CNAMEs, across zones', async () => {
    const world = createWorld();
    alias(world, CHALLENGE, AT_HOSTER);
    alias(world, AT_HOSTER, under('deeper', AT_HOSTER));
    assert.equal(await place(world), under('deeper', AT_HOSTER));
  });

  it('is found below a name that is itself an alias', async () => {
    const world = createWorld();
    const chat = under('chat', EXAMPLE);
    alias(world, chat, under('c1', HOSTER));
    alias(world, under('_acme-challenge', chat), AT_HOSTER);
    assert.equal(await place(world, under('_acme-challenge', chat)), AT_HOSTER);
  });

  it('is an error in a loop, which is shown', async () => {
    const world = createWorld();
    alias(world, CHALLENGE, AT_HOSTER);
    alias(world, AT_HOSTER, CHALLENGE);
    const error = await assertRefused(place(world), 'E_CHALLENGE_CNAME');
    assert.ok(error.message.includes(`${CHALLENGE} → ${AT_HOSTER} → ${CHALLENGE}`), error.message);
  });

  it('is found behind eight CNAMEs, and is an error behind nine', async () => {
    assert.equal(await place(withHops(8)), under('hop7', HOSTER));
    await assertRefused(place(withHops(9)), 'E_CHALLENGE_CNAME');
  });

  it('is refused where the CNAME is made up by a wildcard', async () => {
    const world = createWorld();
    alias(world, under('*', EXAMPLE), AT_HOSTER);
    const error = await assertRefused(place(world), 'E_CHALLENGE_CNAME');
    assert.match(error.message, /only because the wildcard \*\.example\.org\. is/);
  });

  it('is taken where a CNAME of its own stands beside the wildcard', async () => {
    const world = createWorld();
    alias(world, under('*', EXAMPLE), parseDomainName('elsewhere.hoster.net'));
    alias(world, CHALLENGE, AT_HOSTER);
    assert.equal(await place(world), AT_HOSTER);
  });

  it('is asked of the configured servers first, and of those of the zone where they do not know', async () => {
    const hidden = { address: '10.0.0.1', port: 5300 };
    const world = createWorld();
    world.dns.interfere = (server, { name }) => {
      if (server.address !== hidden.address) return undefined;
      return name === CHALLENGE
        ? answer('NOERROR', [{ name, ttl: 60, type: 'CNAME', data: AT_HOSTER }])
        : answer('REFUSED');
    };
    assert.equal(await followChallenge(CHALLENGE, [hidden], world.ports(), ctx()), AT_HOSTER);
    assert.ok(world.dns.asked.some((line) => line.startsWith('198.51.100.1 ')));
  });

  it('is unknown, and no guess, where no server of the zone answers', async () => {
    const world = createWorld();
    world.dns.interfere = (_, { type }) => (type === 'CNAME' ? answer('SERVFAIL') : undefined);
    await assertRefused(place(world), 'E_DNS_UNANSWERED');
    // Nor is a resolver to blame for the silence of a server that the config names.
    const named = followChallenge(CHALLENGE, [SECOND], world.ports(), ctx());
    const error = await assertRefused(named, 'E_DNS_UNANSWERED');
    assert.match(error.hint ?? '', /`nameServers` of the provider/);
  });
});

function place(world: World, name: DomainName = CHALLENGE): Promise<DomainName> {
  return followChallenge(name, [], world.ports(), ctx());
}

function alias(world: World, name: DomainName, data: DomainName): void {
  world.dns.records.push({ name, ttl: 60, type: 'CNAME', data });
}

/** A world in which the challenge is so many CNAMEs away. */
function withHops(count: number): World {
  const world = createWorld();
  const names = [CHALLENGE, ...Array.from({ length: count }, (_, hop) => under(`hop${hop}`, HOSTER))];
  for (const [index, name] of names.entries()) {
    const next = names[index + 1];
    if (next !== undefined) alias(world, name, next);
  }
  return world;
}
