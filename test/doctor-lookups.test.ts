/** Which servers doctor asks for what stands in a zone, and whom of them it believes. */
import assert from 'node:assert/strict';
import { type DomainName, under } from '../src/dns/domain-name.ts';
import { examineLeftovers } from '../src/doctor-leftovers.ts';
import { examineStanding } from '../src/doctor-standing.ts';
import { examineZone } from '../src/doctor-zones.ts';
import type { DnsQuestion, DnsRecord } from '../src/ports.ts';
import { answer, silence } from './support/fake-dns.ts';
import {
  CHALLENGE,
  EXAMPLE,
  HOSTER,
  RESOLVER,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';
import { DIRECTORY, THUMBPRINT } from './support/doctor-world.ts';

const STANDING = under('_validation-persist', EXAMPLE);
const ACCOUNT = { url: 'https://ca.test/acct/1', thumbprint: THUMBPRINT };
const SECOND_RESOLVER = { address: '127.0.0.2', port: 53 };
const STRAY = 'a'.repeat(43);

/** As resolvers do by default: who does not ask them to find out hears nothing. */
function strict({ recurse }: DnsQuestion): ReturnType<typeof answer> | undefined {
  return recurse ? undefined : answer('REFUSED', [], { authoritative: false });
}

/** Behind a resolver of its own, which alone can be reached. */
function behindResolver(...records: readonly DnsRecord[]): World {
  const world = createWorld();
  world.dns.records.push(...records);
  world.dns.interfere = (server, question) =>
    server.address === RESOLVER.address ? strict(question) : answer('REFUSED', [], { authoritative: false });
  return world;
}

/** The first of two servers is lame, and has something in its cache. */
function besideLame(cached: readonly DnsRecord[], ...records: readonly DnsRecord[]): World {
  const world = createWorld();
  world.dns.records.push(...records);
  world.dns.interfere = ({ address }, { type }) =>
    address === '192.0.2.1' && type === 'TXT'
      ? answer('NOERROR', cached, { authoritative: false })
      : undefined;
  return world;
}

function text(name: DomainName, data: string): DnsRecord {
  return { name, ttl: 60, type: 'TXT', data };
}

async function leftovers(world: World, resolver: boolean): Promise<string[]> {
  const where = { configured: resolver ? [RESOLVER] : [], known: new Set<string>() };
  const found = await examineLeftovers(CHALLENGE, EXAMPLE, where, world.ports(), ctx());
  return found.flatMap(({ evidence }) => evidence ?? []);
}

async function standing(world: World, resolver: boolean, persist = true): Promise<string[]> {
  const owner = site({
    certificate: certificate(),
    ...(persist ? { persist: { wildcard: false } } : {}),
  });
  const known = { directory: DIRECTORY, account: ACCOUNT };
  const configured = resolver ? [RESOLVER] : [];
  const found = await examineStanding(owner, config(owner), known, configured, world.ports(), ctx());
  return found.map(({ code }) => code);
}

describe('a name server that doctor asks for challenge values', () => {
  it('may be a resolver of the config, which is asked as one', async () => {
    assert.deepEqual(await leftovers(behindResolver(text(CHALLENGE, STRAY)), true), [STRAY]);
    assert.deepEqual(await leftovers(behindResolver(), true), []);
  });

  it('is not believed where it is lame', async () => {
    assert.deepEqual(await leftovers(besideLame([text(CHALLENGE, STRAY)]), false), []);
    assert.deepEqual(await leftovers(besideLame([], text(CHALLENGE, STRAY)), false), [STRAY]);
  });
});

/** What is said of a server that refuses, or that is silent. */
async function said(resolver: boolean, silent = false): Promise<string[]> {
  const world = createWorld();
  const sick = resolver ? SECOND_RESOLVER.address : '192.0.2.2';
  world.dns.interfere = (server) => {
    if (server.address !== sick) return undefined;
    if (silent) throw silence(server);
    return answer('REFUSED');
  };
  const configured = resolver ? [SECOND_RESOLVER] : [];
  const found = await examineZone(EXAMPLE, configured, world.ports(), ctx());
  assert.ok(found.length > 0);
  return found.map(({ code, message, fix }) => `${code} ${message}: ${fix}`);
}

describe('a name server that doctor examines', () => {
  it('is not called a name server of the zone where the config names it', async () => {
    for (const silent of [false, true])
      for (const text of await said(true, silent)) {
        assert.match(text, /`nameServers` of the provider/);
        assert.doesNotMatch(text, /NS records|a name server of/);
      }
    assert.match((await said(true)).join(), /^NAME_SERVER_LAME .*correct `nameServers` of the provider/);
  });

  it('is to be taken out of the NS records where those name it', async () => {
    assert.match((await said(false)).join(), /^NAME_SERVER_LAME .*name server of example\.org.*NS records/);
    assert.match((await said(false, true)).join(), /NAME_SERVER_UDP .*, a name server of .*NS records/);
  });
});

describe('a name server that doctor asks for standing values', () => {
  const VALUE = `ca.test; accounturi=${ACCOUNT.url}`;

  it('may be a resolver of the config, which is asked as one', async () => {
    assert.deepEqual(await standing(behindResolver(text(STANDING, VALUE)), true), []);
    assert.deepEqual(await standing(behindResolver(), true), ['STANDING_MISSING']);
  });

  it('is not believed where it is lame', async () => {
    assert.deepEqual(await standing(besideLame([], text(STANDING, VALUE)), false), []);
    assert.deepEqual(await standing(besideLame([text(STANDING, VALUE)]), false), ['STANDING_MISSING']);
  });

  it('is no trouble where it sees an alias that nobody else sees, and no renewal needs the value', async () => {
    const world = createWorld();
    world.dns.interfere = ({ address }, { type }) =>
      address === RESOLVER.address && type === 'TXT'
        ? answer('NOERROR', [{ name: STANDING, ttl: 60, type: 'CNAME', data: HOSTER }], {
            authoritative: false,
          })
        : undefined;
    assert.deepEqual(await standing(world, true, false), []);
  });
});
