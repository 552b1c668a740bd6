import assert from 'node:assert/strict';
import { createMemory } from '../providers/memory/index.ts';
import type { Config, SiteConfig } from '../src/config/config.ts';
import { examineSetAside } from '../src/doctor-leftovers.ts';
import { isWithin } from '../src/dns/domain-name.ts';
import type { DnsProvider, Ports } from '../src/ports.ts';
import { renew } from '../src/renew.ts';
import { type Report, exitCode } from '../src/report.ts';
import { diesAt } from './support/dies-at.ts';
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
import { count, trouble } from './support/faults.ts';

const HOUR_MS = 3_600_000;
const STALE = 'stale example.org';
/** Another site of the same installation, whose provider serves another zone. */
const OTHER = site({ name: 'matrix.hoster.net', provider: 'elsewhere' });

/** A run died while its value stood in the zone, beside one of somebody else. */
async function afterDeath(): Promise<World> {
  const world = createWorld();
  const owner = site({ certificate: certificate() });
  const { around, died } = diesAt(1, 'before', (call) => call === 'acme.respond');
  await Promise.race([died, renew([owner], config(owner), { force: false }, world.ports(around), ctx())]);
  const [ours = ''] = world.state.journals.get('example.org')?.challenges.map(({ value }) => value) ?? [];
  assert.ok(ours !== '');
  world.provider.write({ name: CHALLENGE, type: 'TXT', ttl: 60, values: ['of somebody else', ours] });
  return world;
}

const FOREIGN = [`${CHALLENGE} 60 IN TXT "of somebody else"`];

/** A config whose providers are these, and which has lost "main" unless it is among them. */
function changed(
  world: World,
  providers: Readonly<Record<string, DnsProvider>>,
  ...sites: readonly SiteConfig[]
): { readonly config: Config; readonly ports: Ports } {
  const names = Object.keys(providers).map(
    (name) => [name, { name, type: 'memory', nameServers: [], options: {}, variables: {} }] as const,
  );
  return {
    config: { ...config(...sites), providers: new Map(names) },
    ports: {
      ...world.ports(),
      provider: async (name) => {
        const provider = providers[name];
        if (provider === undefined) throw trouble('E_PROVIDER_UNKNOWN');
        return provider;
      },
    },
  };
}

async function run({ config: of, ports }: { config: Config; ports: Ports }): Promise<Report> {
  return renew(of.sites, of, { force: false }, ports, { ...ctx(), log: ports.log });
}

/** As it is, but for what is said. */
async function like(world: World, over: Partial<DnsProvider> = {}): Promise<DnsProvider> {
  const real = await world.ports().provider('main');
  return {
    capabilities: real.capabilities,
    check: (inner) => real.check(inner),
    findZone: (name, inner) => real.findZone(name, inner),
    readRRsets: (zone, keys, inner) => real.readRRsets(zone, keys, inner),
    apply: (zone, changes, inner) => real.apply(zone, changes, inner),
    ...over,
  };
}

/** Another account, without the zone in question. */
async function createElsewhere(world: World): Promise<DnsProvider> {
  const real = await world.ports().provider('main');
  return like(world, {
    findZone: async (name, inner) => (isWithin(name, HOSTER) ? real.findZone(name, inner) : null),
  });
}

describe('challenge values of a run that died, after the config has changed', () => {
  it('are removed by the provider under its new name, and those of others stay', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const report = await run(changed(world, { elsewhere, renamed: await like(world) }, OTHER));
    assert.equal(exitCode(report), 0);
    assert.deepEqual(world.challengeValues(), FOREIGN);
    assert.equal(world.state.journals.size, 0);
  });

  it('are removed by another provider where the old one does not accept us any more', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const real = await like(world);
    const locked = await like(world, { apply: refuse });
    await run(changed(world, { main: locked, second: real, elsewhere }, OTHER));
    assert.deepEqual(world.challengeValues(), FOREIGN);
    assert.equal(world.state.journals.size, 0);
  });

  it('fail no site where nobody can remove them, and are named', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const before = world.challengeValues();
    const report = await run(changed(world, { elsewhere }, OTHER));
    assert.equal(exitCode(report), 0);
    assert.deepEqual(world.challengeValues(), before);
    assert.deepEqual([...world.state.journals.keys()], [STALE]);
    const journal = world.state.journals.get(STALE);
    assert.ok(journal?.retryAt !== undefined);
    assert.deepEqual([journal.privateKey, journal.orderUrl], [undefined, undefined], 'a key nobody needs');
    assert.match(world.warnings.join(), /remove them by hand/);
    const [finding] = examineSetAside([journal]);
    assert.equal(finding?.code, 'CHALLENGE_LEFT');
    assert.match(finding.evidence.join(), /^_acme-challenge\.example\.org TXT ".+" \(provider main\)$/);
  });

  it('do not keep the site from a certificate by another provider', async () => {
    const world = await afterDeath();
    const real = await world.ports().provider('main');
    // It has the zone, but may not remove what another account has written.
    const second = await like(world, {
      apply: (zone, changes, inner) =>
        changes.some((change) => change.op === 'remove') && world.ca.issued.length === 0
          ? refuse()
          : real.apply(zone, changes, inner),
    });
    const wanting = site({ provider: 'second', certificate: certificate({ keyType: 'ec384' }) });
    const report = await run(changed(world, { second }, wanting));
    assert.equal(exitCode(report), 0, JSON.stringify(report.sites[0]?.errors));
    assert.deepEqual([...world.state.journals.keys()], [STALE]);
  });

  it('are forgotten an hour later when somebody has removed them by hand', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    world.provider.erase({ name: CHALLENGE, type: 'TXT' });
    await run(changed(world, { elsewhere }, OTHER));
    assert.deepEqual(
      [...world.state.journals.keys()],
      [STALE],
      'the provider may not have published them yet',
    );
    world.clock.advance(HOUR_MS);
    await run(changed(world, { elsewhere }, OTHER));
    assert.equal(world.state.journals.size, 0);
  });

  it('are not forgotten while a name server has them, or does not say', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const [value = ''] = world.state.journals.get('example.org')?.challenges.map((each) => each.value) ?? [];
    world.provider.erase({ name: CHALLENGE, type: 'TXT' });
    const stillThere = answer('NOERROR', [{ name: CHALLENGE, ttl: 60, type: 'TXT', data: value }]);
    for (const said of [
      () => stillThere,
      () => answer('SERVFAIL'),
      () => answer('NXDOMAIN', [], { authoritative: false }),
      null,
    ]) {
      world.clock.advance(24 * HOUR_MS);
      world.dns.interfere = (server, { name }) => {
        if (name !== CHALLENGE || server.address !== '192.0.2.2') return undefined;
        if (said === null) throw silence(server);
        return said();
      };
      await run(changed(world, { elsewhere }, OTHER));
      assert.deepEqual([...world.state.journals.keys()], [STALE]);
    }
    world.dns.interfere = undefined;
    world.clock.advance(24 * HOUR_MS);
    await run(changed(world, { elsewhere }, OTHER));
    assert.equal(world.state.journals.size, 0);
  });

  it('are not believed to be gone because a provider of the same name says so, while they are served', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const before = world.challengeValues();
    const namesake = createMemory({ zones: [EXAMPLE] });
    await run(changed(world, { main: namesake, elsewhere }, OTHER));
    assert.deepEqual(world.challengeValues(), before);
    assert.deepEqual([...world.state.journals.keys()], [STALE]);
    world.clock.advance(24 * HOUR_MS);
    await run(changed(world, { main: await world.ports().provider('main'), elsewhere }, OTHER));
    assert.deepEqual(world.challengeValues(), FOREIGN);
    assert.equal(world.state.journals.size, 0);
  });

  it('are a riddle that no person is asked to solve', async () => {
    const world = await afterDeath();
    let asked = 0;
    const { capabilities } = await like(world);
    const byHand = await like(world, {
      capabilities: { ...capabilities, byHand: true },
      apply: () => {
        asked += 1;
        return refuse();
      },
    });
    await run(changed(world, { byHand }));
    assert.equal(asked, 0);
    assert.deepEqual([...world.state.journals.keys()], [STALE]);
  });

  it('are asked for at the name servers that the config named when they were written', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const journal = world.state.journals.get('example.org');
    assert.ok(journal !== undefined);
    const hidden = { address: '192.0.2.99', port: 53 };
    const challenges = journal.challenges.map((each) => ({ ...each, nameServers: [hidden] }));
    world.state.journals.set('example.org', { ...journal, challenges });
    world.provider.erase({ name: CHALLENGE, type: 'TXT' });
    world.clock.advance(2 * HOUR_MS);
    await run(changed(world, { elsewhere }, OTHER));
    assert.ok(world.dns.asked.includes(`192.0.2.99 ${CHALLENGE} TXT`));
    assert.deepEqual([...world.state.journals.keys()], [STALE], 'it does not speak for the zone');
  });

  it('are asked for at a resolver that the config names, as a resolver is asked', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const journal = world.state.journals.get('example.org');
    assert.ok(journal !== undefined);
    const challenges = journal.challenges.map((each) => ({ ...each, nameServers: [RESOLVER] }));
    world.state.journals.set('example.org', { ...journal, challenges });
    world.dns.interfere = (_, { recurse }) => (recurse ? undefined : answer('REFUSED'));
    world.clock.advance(2 * HOUR_MS);
    await run(changed(world, { elsewhere }, OTHER));
    assert.deepEqual([...world.state.journals.keys()], [STALE], 'it still has the value');
    world.provider.erase({ name: CHALLENGE, type: 'TXT' });
    world.clock.advance(24 * HOUR_MS);
    await run(changed(world, { elsewhere }, OTHER));
    assert.equal(world.state.journals.size, 0);
  });

  it('are not there because a lame server has them in its cache', async () => {
    const world = await afterDeath();
    const [value = ''] = world.state.journals.get('example.org')?.challenges.map((each) => each.value) ?? [];
    world.dns.interfere = (server, { name, type }) =>
      name === CHALLENGE && type === 'TXT' && server.address === '192.0.2.2'
        ? answer('NOERROR', [{ name, ttl: 60, type, data: value }], { authoritative: false })
        : undefined;
    const main = await world.ports().provider('main');
    await run(changed(world, { main, elsewhere: await createElsewhere(world) }, OTHER));
    assert.deepEqual(world.challengeValues(), FOREIGN);
    assert.equal(world.state.journals.size, 0, 'the provider has removed it, and no authority has it');
  });

  it('are tried again more and more seldom, and once a day in the end', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const tries: number[] = [];
    for (let hour = 0; hour < 10 * 24; hour += 1) {
      const before = world.warnings.length;
      await run(changed(world, { elsewhere }, OTHER));
      if (world.warnings.length > before) tries.push(hour);
      world.clock.advance(HOUR_MS);
    }
    const pauses = tries.slice(1).map((hour, index) => hour - (tries[index] ?? 0));
    assert.deepEqual(
      pauses,
      pauses.toSorted((a, b) => a - b),
    );
    assert.equal(pauses.at(-1), 24);
    assert.ok(tries.length < 20, `${tries.length} tries in ten days`);
  });

  it('are not left alone for as long as a clock ran ahead', async () => {
    const world = await afterDeath();
    const journal = world.state.journals.get('example.org');
    assert.ok(journal !== undefined);
    world.state.journals.delete('example.org');
    const retryAt = new Date(world.clock.now().getTime() + 365 * 24 * HOUR_MS);
    world.state.journals.set(STALE, { ...journal, retryAt });
    await renew([], config(), { force: false }, world.ports(), ctx());
    assert.deepEqual([world.challengeValues(), world.state.journals.size], [FOREIGN, 0]);
  });

  it('of two runs are kept side by side', async () => {
    const world = await afterDeath();
    const elsewhere = await createElsewhere(world);
    const journal = world.state.journals.get('example.org');
    assert.ok(journal !== undefined);
    await run(changed(world, { elsewhere }, OTHER));
    const [first] = journal.challenges;
    assert.ok(first !== undefined);
    world.state.journals.set('example.org', { ...journal, challenges: [{ ...first, value: 'second' }] });
    world.dns.interfere = (server, { name }) => {
      if (name === CHALLENGE) throw silence(server);
      return undefined;
    };
    await run(changed(world, { elsewhere }, OTHER));
    const values = world.state.journals.get(STALE)?.challenges.map(({ value }) => value);
    assert.deepEqual(values, [first.value, 'second']);
    assert.equal(count(world, 'provider.apply') > 0, true);
  });
});

function refuse(): Promise<never> {
  return Promise.reject(trouble('E_PROVIDER_FORBIDDEN'));
}
