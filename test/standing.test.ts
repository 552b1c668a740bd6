import assert from 'node:assert/strict';
import type { SiteConfig } from '../src/config/config.ts';
import { type DomainName, under } from '../src/dns/domain-name.ts';
import { needsRehearsal } from '../src/rehearse-first.ts';
import { plan, renew, sync } from '../src/renew.ts';
import type { DnsQuestion, DnsResponse } from '../src/ports.ts';
import type { SiteReport } from '../src/report.ts';
import { answer } from './support/fake-dns.ts';
import {
  type World,
  CHALLENGE,
  EXAMPLE,
  RESOLVER,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';

const STANDING = under('_validation-persist', EXAMPLE);
const ACCOUNT = 'https://ca.test/account/1';
const VALUE = `ca.test; accounturi=${ACCOUNT}`;
const NO_FORCE = { force: false };

function persisting(over: Partial<SiteConfig> = {}): SiteConfig {
  return site({ persist: { wildcard: false }, certificate: certificate(), ...over });
}

async function inOne(done: Promise<{ readonly sites: readonly SiteReport[] }>): Promise<SiteReport> {
  const [only] = (await done).sites;
  assert.ok(only !== undefined);
  return only;
}

function standing({ records }: SiteReport): SiteReport['records'] {
  return records.filter(({ type }) => type === 'TXT');
}

function codes({ errors }: SiteReport): string[] {
  return errors.map(({ code }) => code);
}

describe('dns-persist-01', () => {
  let world: World;
  beforeEach(() => {
    world = createWorld();
    world.ca.offers = ['dns-01', 'dns-persist-01'];
    world.ca.meta = { caaIdentities: ['ca.test'] };
  });

  const renewed = (of = persisting()) => {
    const ports = world.ports();
    const patient = { ...ctx(AbortSignal.timeout(20_000)), log: ports.log };
    return inOne(renew([of], config(of), NO_FORCE, ports, patient));
  };
  const planned = (of = persisting()) => inOne(plan([of], config(of), world.ports(), ctx()));
  /** The provider writes nothing, and the resolver that the config names as a name server says this. */
  const behindResolver = async (says: (question: DnsQuestion) => DnsResponse | undefined) => {
    const of = persisting();
    await sync([site()], 'apply', config(site()), {}, world.ports(), ctx());
    const ports = world.ports(async (call, perform) => (call === 'provider.apply' ? undefined : perform()));
    world.dns.interfere = ({ address }, question) =>
      address === RESOLVER.address ? says(question) : undefined;
    const { providers, ...rest } = config(of);
    const named = [...providers].map(
      ([name, provider]) => [name, { ...provider, nameServers: [RESOLVER] }] as const,
    );
    return inOne(renew([of], { ...rest, providers: new Map(named) }, NO_FORCE, ports, ctx()));
  };
  const valuesAt = (name: DomainName) =>
    world.provider.snapshot().filter((line) => line.startsWith(`${name} `) && line.includes(' TXT '));
  const put = async (...values: string[]): Promise<void> => {
    const zone = await world.provider.findZone(STANDING, ctx());
    assert.ok(zone !== null);
    await world.provider.apply(zone, [{ op: 'add', name: STANDING, type: 'TXT', ttl: 300, values }], ctx());
  };
  const until = (seconds: number): string =>
    `${VALUE}; persistUntil=${Math.floor(world.clock.now().getTime() / 1_000) + seconds}`;

  it('issues by one value that stands, and renews without a write', async () => {
    const first = await renewed();
    assert.deepEqual(codes(first), []);
    assert.equal(first.certificate?.action, 'issue');
    assert.deepEqual(standing(first)[0]?.after, [`"${VALUE}"`]);
    assert.equal(valuesAt(STANDING).length, 1);
    assert.deepEqual(valuesAt(CHALLENGE), []);

    world.clock.advance(80 * 86_400_000);
    const before = world.calls.length;
    const second = await renewed();
    assert.equal(second.certificate?.action, 'renew');
    assert.deepEqual(codes(second), []);
    assert.equal(world.ca.issued.length, 2);
    assert.deepEqual(
      world.calls.slice(before).filter((call) => call === 'provider.apply'),
      [],
    );
  });

  it('has nothing in the journal that would have to be taken back', async () => {
    const journals: number[] = [];
    const of = persisting();
    const ports = world.ports(async (call, perform) => {
      const result = await perform();
      if (call === 'state.writeJournal')
        journals.push(...[...world.state.journals.values()].map(({ challenges }) => challenges.length));
      return result;
    });
    assert.deepEqual(codes(await inOne(renew([of], config(of), NO_FORCE, ports, ctx()))), []);
    assert.ok(journals.length > 0);
    assert.ok(journals.every((length) => length === 0));
    assert.equal(world.state.journals.size, 0);
  });

  it('says that nobody can know the value before there is an account, and makes none to find out', async () => {
    const [record] = standing(await planned());
    assert.equal(record?.action, 'create');
    assert.equal(record.after, null);
    assert.match(record.unknown ?? '', /unknown until the account/);
    assert.equal(world.ca.hasAccount, false);
  });

  it('is planned with its value as soon as there is one, and changes nothing by it', async () => {
    world.ca.hasAccount = true;
    const [record] = standing(await planned());
    assert.deepEqual([record?.name, record?.action, record?.after], [STANDING, 'create', [`"${VALUE}"`]]);
    assert.deepEqual(valuesAt(STANDING), []);
  });

  it('is published by sync, which makes the account', async () => {
    const of = persisting();
    const done = await inOne(sync([of], 'apply', config(of), {}, world.ports(), ctx()));
    assert.deepEqual(codes(done), []);
    assert.equal(valuesAt(STANDING).length, 1);
    assert.equal(world.ca.orders.length, 0);
  });

  it('leaves the values of others alone and takes its own outdated ones out', async () => {
    const others = ['v=spf1 -all', 'other.test; accounturi=https://other.test/account/1'];
    await put(...others, until(-1), `${VALUE}; policy=wildcard`);
    const done = await renewed();
    assert.deepEqual(codes(done), []);
    const [record] = standing(done);
    assert.equal(record?.action, 'update');
    assert.equal(record.before?.length, 2);
    const left = valuesAt(STANDING).join('\n');
    for (const value of [...others, VALUE]) assert.ok(left.includes(`"${value}"`), left);
    assert.equal(valuesAt(STANDING).length, 3, left);
  });

  it('orders nothing while the value is not served, and says what stands there', async () => {
    await put('ca.test; accounturi=https://ca.test/account/2');
    const of = persisting();
    await sync([site()], 'apply', config(site()), {}, world.ports(), ctx());
    const ports = world.ports(async (call, perform) => (call === 'provider.apply' ? undefined : perform()));
    const done = await inOne(renew([of], config(of), NO_FORCE, ports, ctx()));
    assert.deepEqual(codes(done), ['E_STANDING_VALUE']);
    assert.equal(standing(done)[0]?.action, 'fail');
    assert.match(done.errors[0]?.message ?? '', /another account: https:\/\/ca\.test\/account\/2/);
    assert.ok(done.errors[0]?.hint?.includes(`_validation-persist.example.org TXT "${VALUE}"`));
    assert.equal(world.ca.orders.length, 0);
    assert.deepEqual(world.state.ledger, []);
  });

  it('is looked for at a resolver that the config names, as a resolver is asked', async () => {
    await put('ca.test; accounturi=https://ca.test/account/2');
    const done = await behindResolver(({ recurse }) => (recurse ? undefined : answer('REFUSED')));
    assert.deepEqual(codes(done), ['E_STANDING_VALUE']);
    assert.match(done.errors[0]?.message ?? '', /another account: https:\/\/ca\.test\/account\/2/);
  });

  it('is not served as long as no server says anything of it', async () => {
    const done = await behindResolver(({ type }) => (type === 'TXT' ? answer('SERVFAIL') : undefined));
    assert.deepEqual(codes(done), ['E_NOT_PROPAGATED']);
  });

  it('never publishes a value that counts no more', async () => {
    const of = persisting({ persist: { wildcard: false, until: world.clock.now() } });
    const done = await renewed(of);
    assert.equal(standing(done)[0]?.action, 'refuse');
    assert.ok(codes(done).every((code) => code === 'E_STANDING_VALUE') && !done.ok);
    assert.deepEqual(valuesAt(STANDING), []);
    assert.equal(world.ca.orders.length, 0);
  });

  it('raises the alarm in the plan while there is time: it ends before the next renewal', async () => {
    const day = 86_400_000;
    const ending = (days: number): SiteConfig =>
      persisting({ persist: { wildcard: false, until: new Date(world.clock.now().getTime() + days * day) } });
    assert.deepEqual(codes(await renewed()), []);
    const soon = await planned(ending(40));
    assert.deepEqual(codes(soon), ['E_STANDING_VALUE']);
    assert.match(soon.errors[0]?.message ?? '', /ends at .*, before the next renewal at /);
    assert.equal(soon.ok, false);
    assert.deepEqual(codes(await planned(ending(80))), []);

    const done = await renewed(ending(40));
    assert.equal(done.ok, true, 'this run has not failed');
    assert.ok(world.warnings.some((warning) => warning.includes('before the next renewal')));
  });

  it('is not rehearsed at a staging, whose account is not in the value', () => {
    const settings = config(site());
    const acme = { ...settings.acme, stagingDirectoryUrl: 'https://staging.test/directory' };
    assert.equal(needsRehearsal(site(), { ...settings, acme }, NO_FORCE), true);
    assert.equal(needsRehearsal(persisting(), { ...settings, acme }, NO_FORCE), false);
  });

  it('is another question to the CA than dns-01 is', async () => {
    world.ca.offers = ['dns-01'];
    assert.deepEqual(codes(await renewed()), ['E_ACME_AUTHORIZATION']);
    assert.deepEqual(codes(await renewed()), ['E_ACME_HELD_BACK']);
    assert.deepEqual(codes(await renewed(site({ certificate: certificate() }))), []);
    assert.equal(world.ca.issued.length, 1);
  });

  it('does not fall back where the CA does not offer it, and says what it offers', async () => {
    world.ca.offers = ['dns-01'];
    const done = await renewed();
    assert.deepEqual(codes(done), ['E_ACME_AUTHORIZATION']);
    assert.match(done.errors[0]?.message ?? '', /no dns-persist-01 challenge for example\.org, but dns-01$/);
    assert.deepEqual(valuesAt(CHALLENGE), []);
    assert.equal(world.ca.issued.length, 0);
  });

  it('has a wildcard only in the value of the name that has one', async () => {
    const matrix = under('matrix', EXAMPLE);
    const names = [under('*', EXAMPLE), matrix];
    const done = await renewed(
      persisting({ persist: { wildcard: true }, certificate: certificate({ names }) }),
    );
    // The double of a CA that asks for policy=wildcard wants it to be absent elsewhere.
    assert.deepEqual(
      standing(done).map(({ name, after }) => [name, after?.[0]?.includes('policy=wildcard')]),
      [
        [STANDING, true],
        [under('_validation-persist', matrix), false],
      ],
    );
  });

  it('learns from the order what the CA is called where the directory does not say', async () => {
    world.ca.meta = {};
    world.ca.issuers = ['authority.test', 'ca.test'];
    const done = await renewed();
    assert.deepEqual(codes(done), []);
    assert.match(standing(done)[0]?.unknown ?? '', /unknown until an order/);
    assert.match(valuesAt(STANDING).join(), /authority\.test; accounturi/);
    assert.equal(world.ca.issued.length, 1);
  });

  it('names the account by its digest to a CA of the later draft', async () => {
    world.ca.meta = { issuerDomainNames: ['ca.test'], accountHashPrefix: 'https://ca.test/hash/' };
    world.ca.hasAccount = true;
    const [record] = standing(await planned());
    assert.match(
      record?.after?.[0] ?? '',
      /^"ca\.test; accounturi=https:\/\/ca\.test\/hash\/sha-256\/[\w-]{43}"$/,
    );
  });

  it('is no business of sites that are validated by dns-01', async () => {
    const done = await renewed(site({ certificate: certificate() }));
    assert.deepEqual(standing(done), []);
    assert.deepEqual(valuesAt(STANDING), []);
  });
});
