import assert from 'node:assert/strict';
import type { SiteConfig } from '../src/config/config.ts';
import { under } from '../src/dns/domain-name.ts';
import type { SrvData } from '../src/dns/rrset.ts';
import { type ReconcileOutcome, reconcile } from '../src/reconcile.ts';
import { diesAt } from './support/dies-at.ts';
import type { Ports } from '../src/ports.ts';
import { count, trouble } from './support/faults.ts';
import {
  type Around,
  EXAMPLE,
  FED,
  HOSTER,
  MATRIX,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
  srv,
} from './support/fake-ports.ts';
import { run, summary } from './support/run-reconcile.ts';
import { stored } from './support/sites.ts';

const OLD = srv(MATRIX);
const NEW_HOST = under('new', EXAMPLE);
const NEW = srv(NEW_HOST);
const OLD_PLACE = '203.0.113.5 8448';
const NEW_PLACE = '203.0.113.6 8448';
const PEER = { serverName: 'example.org' };
const MARK = `${FED} 3600 IN TXT "heritage=delegated,owner=us"`;

function sites(...records: readonly [SrvData, ...SrvData[]]): readonly SiteConfig[] {
  return [site({ srv: records })];
}

function withLegacy(data: SrvData): readonly SiteConfig[] {
  return [site({ srv: [data], legacySrv: true })];
}

/** example.org federates through its SRV record. */
function federating(): Promise<World> {
  return federatingWith(sites(OLD));
}

async function federatingWith(before: readonly SiteConfig[]): Promise<World> {
  const world = createWorld();
  world.dns.records.push({ name: NEW_HOST, ttl: 300, type: 'A', data: '203.0.113.6' });
  world.federation.peers.set(OLD_PLACE, PEER);
  assert.equal(only(await run(world, { sites: before })).records[0]?.action, 'create');
  world.calls.length = 0;
  world.federation.asked.length = 0;
  return world;
}

function published(world: World): string[] {
  return world.provider.snapshot().filter((line) => line.startsWith(`${FED} 3600 IN SRV`));
}

function only(outcomes: ReadonlyMap<string, ReconcileOutcome>): ReconcileOutcome {
  const outcome = outcomes.get('example.org');
  assert.ok(outcome !== undefined);
  return outcome;
}

const WAS = [`${FED} 3600 IN SRV 10 5 8448 matrix.example.org.`];
const IS = [`${FED} 3600 IN SRV 10 5 8448 new.example.org.`];

const APEX_PLACE = '203.0.113.9 8448';

function withoutRecord(): World {
  const world = createWorld();
  world.dns.records.push({ name: EXAMPLE, ttl: 300, type: 'A', data: '203.0.113.9' });
  return world;
}

/** The homeserver is well until the record is written. */
function failing(world: World): Around {
  return async (call, perform) => {
    const done = await perform();
    if (call === 'provider.apply') world.federation.peers.delete(NEW_PLACE);
    return done;
  };
}

async function broken(): Promise<World> {
  const world = await federating();
  world.federation.peers.set(NEW_PLACE, PEER);
  return world;
}

async function killed(): Promise<World> {
  const world = await federating();
  world.federation.peers.set(NEW_PLACE, PEER);
  const { around, died } = diesAt(1, 'after', (call) => call === 'provider.apply');
  await Promise.race([died, run(world, { sites: sites(NEW), around })]);
  assert.deepEqual(published(world), IS);
  assert.equal(world.state.switches.size, 1);
  return world;
}

describe('a switch of the SRV records', () => {
  it('to a homeserver that answers is made, and proven through the authoritative servers', async () => {
    const world = await federating();
    world.federation.peers.set(NEW_PLACE, PEER);
    world.dns.asked.length = 0;
    const outcome = only(await run(world, { sites: sites(NEW) }));
    assert.deepEqual([outcome.records.map(({ action }) => action), outcome.errors], [['update'], []]);
    assert.deepEqual(published(world), IS);
    assert.equal(world.state.switches.size, 0);
    const asked = world.dns.asked.filter((line) => line.endsWith(`${FED} SRV`));
    assert.ok(
      asked.every((line) => !line.startsWith('127.0.0.1 ')),
      'no cache is asked',
    );
    const probes = world.federation.asked.filter((line) => line.startsWith(`${NEW_PLACE} /_matrix/key`));
    assert.equal(probes.length, 2, 'before and after');
  });

  it('to a target where nothing listens is refused while federation works, and nothing is written', async () => {
    const world = await federating();
    const outcome = only(await run(world, { sites: sites(NEW) }));
    assert.deepEqual(
      outcome.records.map(({ action }) => action),
      ['refuse'],
    );
    const [error] = outcome.errors;
    assert.equal(error?.code, 'E_SWITCH_REFUSED');
    assert.match(error.message, /new\.example\.org port 8448 .*works today.*Nothing listens on port 8448/);
    assert.match(error.hint ?? '', /delegated sync --force example\.org/);
    assert.deepEqual(error.retry, { kind: 'backoff' });
    assert.deepEqual(published(world), WAS);
    assert.equal(count(world, 'provider.apply'), 0);
    assert.equal(world.state.switches.size, 0);
  });

  it('is made all the same when it is forced, with the fault as a warning, and stays', async () => {
    const world = await federating();
    const outcome = only(await run(world, { sites: sites(NEW), force: true }));
    assert.deepEqual(published(world), IS);
    assert.deepEqual(outcome.errors, []);
    assert.ok(outcome.warnings.some(({ code }) => code === 'CONNECTION_REFUSED'));
  });

  it('is made without a look where the site wants none', async () => {
    const world = await federating();
    const outcome = only(await run(world, { sites: [site({ srv: [NEW], proveTargets: false })] }));
    assert.deepEqual([published(world), outcome.warnings.map(({ code }) => code)], [IS, ['TARGET_REMOVED']]);
    assert.deepEqual(world.federation.asked, []);
  });

  for (const [what, peer, finding] of [
    [
      'another homeserver',
      { serverName: 'other.org', certificateFor: 'example.org' },
      'calls itself other.org',
    ],
    ['the wrong certificate', { ...PEER, certificateFor: 'new.example.org' }, 'is for the SRV target'],
    ['an untrusted certificate', { ...PEER, distrust: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'is not trusted'],
  ] as const)
    it(`to ${what} is refused with that`, async () => {
      const world = await federating();
      world.federation.peers.set(NEW_PLACE, peer);
      const [error] = only(await run(world, { sites: sites(NEW) })).errors;
      assert.equal(error?.code, 'E_SWITCH_REFUSED');
      assert.ok(error.message.includes(finding), error.message);
      assert.deepEqual(published(world), WAS);
    });

  it('to another port of the same host is looked at as well', async () => {
    const world = await federating();
    const [error] = only(await run(world, { sites: sites(srv(MATRIX, 443)) })).errors;
    assert.match(error?.message ?? '', /matrix\.example\.org port 443/);
    assert.deepEqual(published(world), WAS);
  });

  it('is refused with its deprecated twin, for one reason', async () => {
    const before = [site({ legacySrv: true })];
    const world = await federatingWith(before);
    const outcome = only(await run(world, { sites: [site({ srv: [NEW], legacySrv: true })] }));
    assert.deepEqual(
      [outcome.records.map(({ action }) => action), outcome.errors.map(({ code }) => code)],
      [['refuse', 'refuse'], ['E_SWITCH_REFUSED']],
    );
  });

  it('that adds a target is refused when that one is dead: some peers use only one record', async () => {
    const world = await federating();
    const outcomes = await run(world, { sites: sites(OLD, NEW) });
    assert.deepEqual(summary(outcomes), { 'example.org': ['refuse', 'E_SWITCH_REFUSED'] });
  });

  it('that takes away the only target that works is refused', async () => {
    const world = await federating();
    world.federation.peers.set(NEW_PLACE, PEER);
    await run(world, { sites: sites(OLD, NEW) });
    world.federation.peers.delete(NEW_PLACE);
    const [error] = only(await run(world, { sites: sites(NEW) })).errors;
    assert.match(error?.message ?? '', /^to take away matrix\.example\.org port 8448 could cut off/);
    world.federation.peers.set(NEW_PLACE, PEER);
    assert.deepEqual(summary(await run(world, { sites: sites(NEW) })), { 'example.org': ['update'] });
  });

  it('of priority, weight or TTL only is nobody to look at', async () => {
    const world = await federating();
    await run(world, { sites: [site({ srv: [srv(MATRIX, 8448, 20, 0)], ttl: 300 })] });
    assert.deepEqual(world.federation.asked, []);
    assert.equal(count(world, 'provider.apply'), 1);
  });

  it('has nothing to cut where nothing works today, and is made with a warning', async () => {
    const world = await federating();
    world.federation.peers.clear();
    const outcome = only(await run(world, { sites: sites(NEW) }));
    assert.deepEqual([published(world), outcome.errors], [IS, []]);
    assert.ok(outcome.warnings.some(({ code }) => code === 'CONNECTION_REFUSED'));
  });

  it('is refused where this machine cannot tell whether federation works today', async () => {
    const world = await federating();
    world.federation.peers.clear();
    world.federation.unroutable.add(OLD_PLACE).add('2001:db8::5 8448');
    const [error] = only(await run(world, { sites: sites(NEW) })).errors;
    assert.match(error?.message ?? '', /may well work today \(this machine cannot see all of it\)/);
    assert.deepEqual(published(world), WAS);
  });
});

describe('the first SRV record', () => {
  it('is refused when it would lead peers away from port 8448, where they are served today', async () => {
    const world = withoutRecord();
    world.federation.peers.set(APEX_PLACE, PEER);
    const [error] = only(await run(world)).errors;
    assert.equal(error?.code, 'E_SWITCH_REFUSED');
    assert.match(error.message, /^the first SRV record could cut off federation/);
    world.federation.peers.set(OLD_PLACE, PEER);
    assert.deepEqual(summary(await run(world)), { 'example.org': ['create'] });
  });

  it('waits for the certificate only where there is something to cut', async () => {
    const fresh = withoutRecord();
    const order: string[] = [];
    const around: Around = (call, perform) => {
      if (call === 'provider.apply') order.push('written');
      return perform();
    };
    const ready = (): Promise<void> =>
      new Promise((resolve) => {
        setImmediate(() =>
          setImmediate(() => {
            order.push('ready');
            resolve();
          }),
        );
      });
    const federated = withoutRecord();
    federated.federation.peers.set(APEX_PLACE, PEER).set(OLD_PLACE, PEER);
    await run(federated, { around, ready: ready() });
    assert.deepEqual(order, ['ready', 'written']);
    const written = new AbortController();
    const later = new Promise((resolve) => written.signal.addEventListener('abort', resolve));
    await run(fresh, {
      ready: later,
      around: async (call, perform) => {
        const done = await perform();
        if (call === 'provider.apply') written.abort();
        return done;
      },
    });
    assert.equal(count(fresh, 'provider.apply'), 1);
  });

  it('cuts nothing that a well-known file leads past it, and says that nobody reads it', async () => {
    const world = withoutRecord();
    world.federation.wellKnown.set('example.org', 'hoster.net:443');
    world.dns.records.push({ name: HOSTER, ttl: 300, type: 'A', data: '198.51.100.7' });
    world.federation.peers.set('198.51.100.7 443', { ...PEER, certificateFor: 'hoster.net' });
    world.federation.peers.set('203.0.113.9 443', PEER);
    world.federation.peers.set(OLD_PLACE, PEER);
    const outcome = only(await run(world));
    assert.deepEqual(outcome.errors, []);
    assert.deepEqual(
      outcome.warnings.map(({ code }) => code),
      ['SRV_SHADOWED'],
    );
  });

  it('is refused where it would fail on the day when the well-known file is gone, unless it is forced', async () => {
    for (const [peer, fault] of [
      [null, /Nothing listens on port 8448/],
      [{ ...PEER, certificateFor: 'matrix.example.org' }, /CERT|certificate/],
    ] as const) {
      const world = withoutRecord();
      world.federation.wellKnown.set('example.org', 'hoster.net:443');
      world.dns.records.push({ name: HOSTER, ttl: 300, type: 'A', data: '198.51.100.7' });
      world.federation.peers.set('198.51.100.7 443', { ...PEER, certificateFor: 'hoster.net' });
      if (peer !== null) world.federation.peers.set(OLD_PLACE, peer);
      const { errors, records } = only(await run(world));
      assert.deepEqual([records.map(({ action }) => action), errors.length], [['refuse'], 1]);
      assert.equal(errors[0]?.code, 'E_SWITCH_REFUSED');
      assert.match(errors[0].message, /first SRV record .*well-known file that leads elsewhere is gone/);
      assert.match(errors[0].message, fault);
      assert.deepEqual(published(world), []);
      const forced = only(await run(world, { force: true }));
      assert.deepEqual([published(world), forced.errors], [WAS, []]);
      assert.deepEqual(
        forced.warnings.map(({ code }) => code),
        ['SRV_SHADOWED'],
      );
    }
  });

  it('is not read either where the well-known file leads to the SRV record of another name', async () => {
    const world = withoutRecord();
    world.federation.wellKnown.set('example.org', 'hoster.net');
    world.federation.peers.set('203.0.113.9 443', PEER);
    const name = under('_matrix-fed._tcp', HOSTER);
    world.dns.records.push({ name, ttl: 300, type: 'SRV', data: srv(under('new', EXAMPLE), 443) });
    world.dns.records.push({ name: NEW_HOST, ttl: 300, type: 'A', data: '203.0.113.6' });
    world.federation.peers.set('203.0.113.6 443', { ...PEER, certificateFor: 'hoster.net' });
    world.federation.peers.set(OLD_PLACE, PEER);
    const { warnings, errors } = only(await run(world));
    assert.deepEqual([warnings.map(({ code }) => code), errors], [['SRV_SHADOWED'], []]);
  });

  it('of a new server is looked at when its certificate is there, so that only what stays is a warning', async () => {
    const world = withoutRecord();
    const ready = new Promise<void>((resolve) => {
      setImmediate(() => {
        world.federation.peers.set(OLD_PLACE, PEER);
        resolve();
      });
    });
    assert.deepEqual(only(await run(world, { ready })).warnings, []);
  });

  it('for a delegated name is not read before a well-known file leads there', async () => {
    const world = withoutRecord();
    world.federation.peers.set(APEX_PLACE, PEER);
    const { warnings, errors } = only(await run(world, { sites: [site({ delegatedTo: HOSTER })] }));
    assert.deepEqual([warnings.map(({ code }) => code), errors], [['RECORD_UNREAD'], []]);
  });
});

describe('our own certificate', () => {
  const SITE = site({ srv: [NEW], certificate: certificate() });

  it('is trusted with its chain, whatever roots this machine has', async () => {
    const world = await federating();
    await stored(world, SITE);
    const sha256 = world.versions.get('example.org')?.[0]?.facts.sha256 ?? '';
    const distrust = 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
    world.federation.peers.set(NEW_PLACE, { ...PEER, sha256, distrust, alone: true });
    assert.deepEqual(summary(await run(world, { sites: [SITE] })), {
      'example.org': ['refuse', 'E_SWITCH_REFUSED'],
    });
    world.federation.peers.set(NEW_PLACE, { ...PEER, sha256, distrust: 'CERT_HAS_EXPIRED' });
    assert.deepEqual(summary(await run(world, { sites: [SITE] })), {
      'example.org': ['refuse', 'E_SWITCH_REFUSED'],
    });
    world.federation.peers.set(NEW_PLACE, { ...PEER, sha256, distrust });
    assert.deepEqual(summary(await run(world, { sites: [SITE] })), { 'example.org': ['update'] });
  });
});

describe('a switch after which federation fails', () => {
  it('is taken back, record and mark', async () => {
    const world = await broken();
    const before = world.provider.snapshot();
    const { errors } = only(await run(world, { sites: sites(NEW), around: failing(world) }));
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['E_SWITCH_UNDONE'],
    );
    assert.match(errors[0]?.message ?? '', /the old ones are back: .*Nothing listens on port 8448/);
    assert.deepEqual(world.provider.snapshot(), before);
    assert.equal(world.state.switches.size, 0);
    const afterwards = world.calls.slice(world.calls.lastIndexOf('provider.apply'));
    assert.ok(afterwards.includes('dns.query'), 'every server is seen to have the old ones');
  });

  it('stays where a person makes the changes, and is told', async () => {
    const world = await broken();
    const ports = world.ports(failing(world));
    const provider = await ports.provider('main');
    const capabilities = { ...provider.capabilities, byHand: true } as const;
    const byHand = { ...ports, provider: async () => ({ ...provider, capabilities }) };
    const wanted = sites(NEW);
    const outcomes = await reconcile(wanted, 'apply', config(...wanted), {}, byHand, ctx());
    const [error] = only(outcomes).errors;
    assert.equal(error?.code, 'E_SWITCH_UNPROVEN');
    assert.match(error.message, /only a person can change records here/);
    assert.deepEqual(published(world), IS);
  });

  it('leaves no record and no mark where it was the first', async () => {
    const world = createWorld();
    world.dns.records.push({ name: EXAMPLE, ttl: 300, type: 'A', data: '203.0.113.9' });
    world.dns.records.push({ name: NEW_HOST, ttl: 300, type: 'A', data: '203.0.113.6' });
    world.federation.peers.set('203.0.113.9 8448', PEER).set(NEW_PLACE, PEER);
    const outcomes = await run(world, { sites: sites(NEW), around: failing(world) });
    assert.deepEqual(summary(outcomes), { 'example.org': ['fail', 'E_SWITCH_UNDONE'] });
    assert.deepEqual(world.provider.snapshot(), []);
  });

  it('is given a moment, since a homeserver may be starting', async () => {
    const world = await broken();
    let slept = 0;
    const restarting: Around = async (call, perform) => {
      const done = await failing(world)(call, perform);
      if (call === 'clock.sleep' && world.state.switches.size > 0 && (slept += 1) === 3)
        world.federation.peers.set(NEW_PLACE, PEER);
      return done;
    };
    const outcomes = await run(world, { sites: sites(NEW), around: restarting });
    assert.deepEqual(summary(outcomes), { 'example.org': ['update'] });
    assert.deepEqual(published(world), IS);
  });

  it('is taken back whole, although the first write was half done and decided again', async () => {
    const world = await federatingWith(withLegacy(OLD));
    world.federation.peers.set(NEW_PLACE, PEER);
    const before = world.provider.snapshot();
    let writes = 0;
    const half: Around = async (call, perform) => {
      if (call !== 'provider.apply') return perform();
      writes += 1;
      if (writes > 1) return failing(world)(call, perform);
      world.provider.write({ name: FED, type: 'SRV', ttl: 3600, values: [NEW] });
      throw trouble('E_PROVIDER_TIMEOUT', 'partial');
    };
    const { errors } = only(await run(world, { sites: withLegacy(NEW), around: half }));
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['E_SWITCH_UNDONE'],
    );
    assert.deepEqual(world.provider.snapshot(), before);
  });

  it('is taken back, also when it cannot be seen that every server has the old ones', async () => {
    const world = await broken();
    let writes = 0;
    const unseen: Around = async (call, perform) => {
      if (call === 'provider.apply') writes += 1;
      if (call === 'dns.query' && writes > 1) throw trouble('E_DNS_UNANSWERED');
      return failing(world)(call, perform);
    };
    const ports = world.ports(unseen);
    const wanted = sites(NEW);
    const context = { ...ctx(), log: ports.log };
    const { errors } = only(await reconcile(wanted, 'apply', config(...wanted), {}, ports, context));
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['E_SWITCH_UNDONE'],
    );
    assert.deepEqual([published(world), world.state.switches.size], [WAS, 0]);
    assert.ok(world.warnings.some((text) => text.startsWith('the old records are back')));
  });

  it('stays when somebody else has changed the record meanwhile, and is told', async () => {
    const world = await broken();
    const meddling: Around = async (call, perform) => {
      const done = await failing(world)(call, perform);
      if (call === 'https.get' && world.state.switches.size > 0 && published(world)[0] === IS[0])
        world.provider.write({ name: FED, type: 'SRV', ttl: 60, values: [srv(MATRIX, 443)] });
      return done;
    };
    const [error] = only(await run(world, { sites: sites(NEW), around: meddling })).errors;
    assert.equal(error?.code, 'E_SWITCH_UNPROVEN');
    assert.match(error.message, /no longer what we wrote/);
    assert.equal(world.state.switches.size, 1);
  });
});

describe('a run that is killed between a switch and its proof', () => {
  it('leaves the proof to the next one', async () => {
    const world = await killed();
    assert.deepEqual(summary(await run(world, { sites: sites(NEW) })), { 'example.org': ['keep'] });
    assert.equal(world.state.switches.size, 0);
    assert.deepEqual(published(world), IS);
  });

  it('leaves it to the next one to take the change back', async () => {
    const world = await killed();
    world.federation.peers.delete(NEW_PLACE);
    const { errors } = only(await run(world, { sites: sites(NEW) }));
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['E_SWITCH_UNDONE'],
    );
    assert.deepEqual(published(world), WAS);
    assert.ok(world.provider.snapshot().includes(MARK));
  });

  it('leaves it to a run that can see: what nobody could look at is neither proven nor taken back', async () => {
    const world = await killed();
    world.federation.peers.delete(NEW_PLACE);
    const ports = world.ports();
    const blind: Ports = {
      ...ports,
      dns: {
        async query(server, question, asked) {
          if (question.type === 'SRV') throw trouble('E_DNS_UNANSWERED');
          return ports.dns.query(server, question, asked);
        },
      },
    };
    const wanted = sites(NEW);
    const [error] = only(await reconcile(wanted, 'apply', config(...wanted), {}, blind, ctx())).errors;
    assert.equal(error?.code, 'E_SWITCH_UNPROVEN');
    assert.match(error.message, /could not be looked at/);
    assert.deepEqual([published(world), world.state.switches.size], [IS, 1]);
    const seeing = await run(world, { sites: wanted });
    assert.deepEqual([summary(seeing)['example.org']?.at(-1), published(world)], ['E_SWITCH_UNDONE', WAS]);
  });

  it('is proven by a well-known file that leads past the records and works', async () => {
    const world = await killed();
    world.federation.peers.delete(NEW_PLACE);
    world.federation.wellKnown.set('example.org', 'hoster.net:443');
    world.dns.records.push({ name: EXAMPLE, ttl: 300, type: 'A', data: '203.0.113.9' });
    world.dns.records.push({ name: HOSTER, ttl: 300, type: 'A', data: '198.51.100.7' });
    world.federation.peers.set('203.0.113.9 443', PEER);
    world.federation.peers.set('198.51.100.7 443', { ...PEER, certificateFor: 'hoster.net' });
    assert.deepEqual(summary(await run(world, { sites: sites(NEW) })), { 'example.org': ['keep'] });
    assert.equal(world.state.switches.size, 0);
  });

  it('is forgotten when the change was never made', async () => {
    const world = await federating();
    world.federation.peers.set(NEW_PLACE, PEER);
    const { around, died } = diesAt(1, 'before', (call) => call === 'provider.apply');
    await Promise.race([died, run(world, { sites: sites(NEW), around })]);
    assert.equal(world.state.switches.size, 1);
    world.federation.peers.delete(NEW_PLACE);
    assert.deepEqual(summary(await run(world, { sites: sites(OLD) })), { 'example.org': ['keep'] });
    assert.equal(world.state.switches.size, 0);
  });

  it('is forgotten when somebody stands by the change', async () => {
    const world = await killed();
    world.federation.peers.delete(NEW_PLACE);
    const outcomes = await run(world, { sites: sites(NEW), force: true });
    assert.deepEqual(summary(outcomes), { 'example.org': ['keep'] });
    assert.deepEqual([world.state.switches.size, published(world)], [0, IS]);
  });

  it('is forgotten with its site', async () => {
    const world = await killed();
    await run(world, { sites: [site({ name: 'other.example.org' })] });
    assert.equal(world.state.switches.size, 0);
  });
});

describe('a target with an end', () => {
  const MINUTE_MS = 60_000;

  function overlapping(world: World, minutes: number): readonly SiteConfig[] {
    const until = new Date(world.clock.now().getTime() + minutes * MINUTE_MS);
    return [site({ srv: [NEW, { ...OLD, until }] })];
  }

  it('is published beside the new one until then, and goes by itself without a warning', async () => {
    const world = await federating();
    world.federation.peers.set(NEW_PLACE, PEER);
    const moving = overlapping(world, 60);
    const first = only(await run(world, { sites: moving }));
    assert.deepEqual([first.errors, first.warnings], [[], []]);
    assert.equal(published(world).length, 2);
    world.clock.advance(60 * MINUTE_MS);
    const second = only(await run(world, { sites: moving }));
    assert.deepEqual([second.errors, second.warnings], [[], []]);
    assert.deepEqual(published(world), IS);
  });

  it('stays past its end when without it nothing would work', async () => {
    const world = await federating();
    world.federation.peers.set(NEW_PLACE, PEER);
    const moving = overlapping(world, 60);
    await run(world, { sites: moving });
    world.federation.peers.delete(NEW_PLACE);
    world.clock.advance(61 * MINUTE_MS);
    assert.deepEqual(summary(await run(world, { sites: moving })), {
      'example.org': ['refuse', 'E_SWITCH_REFUSED'],
    });
    assert.equal(published(world).length, 2);
  });

  it('is told of by a plan: when it goes, and that it is over', async () => {
    const world = await federating();
    world.federation.peers.set(NEW_PLACE, PEER);
    const moving = overlapping(world, 60);
    await run(world, { sites: moving });
    const codes = async (): Promise<string[]> =>
      only(await run(world, { sites: moving, mode: 'plan' })).warnings.map(({ code }) => code);
    assert.deepEqual(await codes(), ['TARGET_UNTIL']);
    world.clock.advance(61 * MINUTE_MS);
    assert.deepEqual(await codes(), ['TARGET_PAST']);
  });

  it('is what a target wants that is taken away at once', async () => {
    const world = await federating();
    world.federation.peers.set(NEW_PLACE, PEER);
    for (const mode of ['plan', 'apply'] as const) {
      const { warnings, errors } = only(await run(world, { sites: sites(NEW), mode }));
      assert.deepEqual(errors, []);
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['TARGET_REMOVED'],
      );
      assert.match(warnings[0]?.hint ?? '', /`until: 2026-11-27T1\d:\d\d:\d\dZ`/);
    }
  });
});
