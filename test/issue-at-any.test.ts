import assert from 'node:assert/strict';
import { once } from 'node:events';
import { certIdOf } from '../src/certificate/cert-id.ts';
import { certificateAuthoritiesOf, settingsOf } from '../src/config/certificate-authorities-of.ts';
import type { AcmeConfig, Config } from '../src/config/config.ts';
import type { DelegatedError } from '../src/errors.ts';
import { BACKOFF, DelegatedError as OurError, retryAt } from '../src/errors.ts';
import { renew } from '../src/renew.ts';
import { type CertificateReport, type Report, exitCode } from '../src/report.ts';
import { revoke } from '../src/revoke.ts';
import { diesAt } from './support/dies-at.ts';
import { problem } from './support/fake-ca.ts';
import { count, fails, trouble } from './support/faults.ts';
import {
  type Around,
  CHALLENGE,
  OTHER_CA,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';

const DAY_MS = 24 * 3_600_000;
const SITE = site({ certificate: certificate() });
const FIRST_CA = config(SITE).acme.directoryUrl;

function withFallback(more: Partial<AcmeConfig> = {}): Config {
  const settings = config(SITE);
  const fallback = [{ directoryUrl: OTHER_CA, stagingDirectoryUrl: null }];
  return { ...settings, acme: { ...settings.acme, fallback, ...more } };
}

function run(world: World, around?: Around, force = false, settings = withFallback()): Promise<Report> {
  const ports = world.ports(around);
  return renew([SITE], settings, { force }, ports, { ...ctx(), log: ports.log });
}

function only({ sites }: Report): CertificateReport {
  const found = sites[0]?.certificate;
  assert.ok(found != null);
  return found;
}

function codes({ sites }: Report): string[] {
  return sites.flatMap(({ errors }) => errors.map(({ code }) => code));
}

/** The first CA is out of reach, once. */
function away(): Around {
  return fails('acme.directory', trouble('E_ACME_UNREACHABLE'));
}

/** Both of several faults. */
function both(one: Around, other: Around): Around {
  return (call, perform) => one(call, () => other(call, perform));
}

/** Until nobody waits any more. */
async function waits(perform: () => Promise<unknown>): Promise<unknown> {
  const end = AbortSignal.timeout(200);
  await once(end, 'abort');
  await perform();
  throw trouble('E_ABORTED', 'unknown');
}

describe('a CA in trouble of its own', () => {
  const troubles: readonly (readonly [string, string, DelegatedError])[] = [
    ['out of reach', 'acme.directory', trouble('E_ACME_UNREACHABLE')],
    ['out of reach for the account', 'acme.account', trouble('E_ACME_UNREACHABLE')],
    ['without an answer to the order', 'acme.newOrder', trouble('E_ACME_UNREACHABLE', 'unknown')],
    ['out of order', 'acme.newOrder', problem('serverInternal', 500, 'newOrder')],
    ['out of order at the end', 'acme.finalize', problem('serverInternal', 500)],
    ['busy', 'acme.newOrder', problem('about:blank', 503, 'newOrder')],
    ['out of patience', 'acme.newOrder', problem('rateLimited', 429, 'newOrder')],
  ];
  for (const [what, call, error] of troubles)
    it(`${what}, gives way to the next one, and the report says who issued`, async () => {
      const world = createWorld();
      const report = await run(world, fails(call, error));
      assert.deepEqual([exitCode(report), codes(report)], [0, []]);
      assert.deepEqual([only(report).action, only(report).ca], ['issue', OTHER_CA]);
      assert.equal(world.otherCa.issued.length, 1);
      assert.ok(world.warnings.some((warning) => warning.startsWith('the CA is in trouble')));
      assert.deepEqual([world.challengeValues(), world.state.journals.size], [[], 0]);
    });

  it('is asked first again at the next renewal, and the certificate of the other replaces nothing there', async () => {
    const world = createWorld();
    for (const ca of [world.ca, world.otherCa])
      ca.suggest = () => {
        const now = world.clock.now().getTime();
        return { window: { start: new Date(now + 20 * DAY_MS), end: new Date(now + 21 * DAY_MS) } };
      };
    await run(world, away());
    assert.equal(world.otherCa.askedAbout.length, 1, 'who issued is asked when to renew');
    assert.equal(world.ca.askedAbout.length, 0);
    world.clock.advance(22 * DAY_MS);
    const report = await run(world);
    assert.deepEqual([only(report).action, only(report).ca], ['renew', FIRST_CA]);
    assert.deepEqual(
      world.ca.orders.map(({ replaces }) => replaces),
      [undefined],
    );
    world.clock.advance(22 * DAY_MS);
    const [, second] = world.versions.get('example.org') ?? [];
    assert.ok(second !== undefined);
    await run(world);
    assert.equal(world.ca.orders.at(-1)?.replaces, certIdOf(second.facts));
  });

  it('does not count as an attempt while it is out of reach, however often that is', async () => {
    const world = createWorld();
    const away = trouble('E_ACME_UNREACHABLE');
    for (let each = 0; each < 5; each += 1) {
      const around = both(fails('acme.directory', away), fails('otherAcme.directory', away));
      assert.deepEqual(codes(await run(world, around)), ['E_ACME_UNREACHABLE', 'E_ACME_UNREACHABLE']);
    }
    assert.deepEqual(world.state.ledger, []);
    assert.equal(only(await run(world)).ca, FIRST_CA);
  });

  it('beside others in trouble is told with all of them, and the soonest counts for the next try', async () => {
    const world = createWorld();
    const inAWeek = retryAt(new Date(world.clock.now().getTime() + 7 * DAY_MS));
    const patience = new OurError('E_ACME_RATE_LIMITED', 'in a week', { retry: inAWeek });
    const away = new OurError('E_ACME_UNREACHABLE', 'away', { retry: BACKOFF });
    const around = both(fails('acme.newOrder', patience), fails('otherAcme.directory', away));
    const report = await run(world, around);
    assert.deepEqual(codes(report), ['E_ACME_UNREACHABLE', 'E_ACME_RATE_LIMITED']);
    const { retryAt: next } = world.state.sites.get('example.org') ?? {};
    assert.ok(next !== undefined && next.getTime() < world.clock.now().getTime() + DAY_MS);
  });

  it('has limits of its own: those of the next one hold as well', async () => {
    const world = createWorld();
    const broken = fails('otherAcme.respond', problem('serverInternal', 500), Infinity);
    for (let each = 0; each < 2; each += 1) {
      await run(world, both(away(), broken));
      world.otherCa.orders.length = 0;
    }
    const report = await run(world, both(away(), broken));
    assert.ok(codes(report).includes('E_ACME_LEDGER'), codes(report).join());
    assert.ok(world.state.ledger.every(({ ca }) => ca === OTHER_CA));
    assert.equal(world.state.ledger.length, 2);
  });
});

describe('what any CA would refuse', () => {
  const refusals: readonly (readonly [string, DelegatedError])[] = [
    ['acme.account', problem('unauthorized', 403)],
    ['acme.account', trouble('E_ACME_ACCOUNT')],
    ['acme.account', trouble('E_ACME_TERMS')],
    ['acme.newOrder', problem('rejectedIdentifier', 400, 'newOrder')],
    ['acme.newOrder', problem('malformed', 400, 'newOrder')],
    ['acme.order', trouble('E_ACME_AUTHORIZATION')],
    ['provider.apply', trouble('E_PROVIDER_FORBIDDEN')],
  ];
  for (const [call, error] of refusals)
    it(`is not tried at the next one: ${error.code} at ${call}`, async () => {
      const world = createWorld();
      // The records go to the same provider first.
      await run(world);
      // Twice, since an order that is refused as a replacement is placed once more as one that is none.
      const report = await run(world, fails(call, error, 2), true);
      assert.equal(exitCode(report), 3);
      assert.deepEqual([count(world, 'otherAcme.directory'), world.otherCa.orders], [0, []]);
    });

  it('is a limit of ours that names have spent by failing', async () => {
    const world = createWorld();
    const hides: Around = async (call, perform) => {
      if (call === 'acme.respond') world.provider.erase({ name: CHALLENGE, type: 'TXT' });
      return perform();
    };
    for (let each = 0; each < 2; each += 1) await run(world, hides, true);
    world.state.sites.clear();
    assert.deepEqual(codes(await run(world)), ['E_ACME_LEDGER']);
    assert.equal(world.otherCa.orders.length, 0);
  });

  it('is not done elsewhere because this CA has suggested it', async () => {
    const world = createWorld();
    world.ca.suggest = () => {
      const now = world.clock.now().getTime();
      return { window: { start: new Date(now - 2 * DAY_MS), end: new Date(now - DAY_MS) } };
    };
    for (let each = 0; each < 2; each += 1) await run(world, undefined, true);
    const report = await run(world);
    assert.deepEqual([only(report).action, codes(report), world.otherCa.orders], ['keep', [], []]);
  });
});

describe('a limit of ours that guards one CA', () => {
  it('does not guard the next one, which has its own', async () => {
    const world = createWorld();
    for (let each = 0; each < 2; each += 1) await run(world, undefined, true);
    world.versions.clear();
    const report = await run(world);
    assert.deepEqual([codes(report), only(report).ca], [[], OTHER_CA]);
    world.versions.clear();
    assert.deepEqual([codes(await run(world)), world.otherCa.orders.length], [[], 2]);
    world.versions.clear();
    assert.deepEqual(codes(await run(world)), ['E_ACME_LEDGER', 'E_ACME_LEDGER']);
    assert.deepEqual([world.ca.orders.length, world.otherCa.orders.length], [2, 2]);
  });
});

describe('an order that takes too long', () => {
  const impatient = withFallback({ timeoutMs: 200 });

  it('at the CA goes on to the next one', async () => {
    const world = createWorld();
    const stuck: Around = async (call, perform) =>
      call === 'acme.order' ? { ...world.ca.orders[0], authorizations: [], status: 'pending' } : perform();
    const report = await run(world, stuck, false, impatient);
    assert.deepEqual([codes(report), only(report).ca], [[], OTHER_CA]);
    assert.deepEqual([world.challengeValues(), world.state.journals.size], [[], 0]);
  });

  it('before the CA has all that it needs does not: it may be the DNS, which is the same for all', async () => {
    const world = createWorld();
    const report = await run(
      world,
      (call, perform) => (call === 'acme.authorization' ? waits(perform) : perform()),
      false,
      impatient,
    );
    assert.deepEqual([codes(report), world.otherCa.orders], [['E_ACME_TIMEOUT'], []]);
  });
});

describe('a run that died at the second CA', () => {
  it('is gone on with there', async () => {
    const world = createWorld();
    const { around, died } = diesAt(1, 'before', (call) => call === 'otherAcme.finalize');
    await Promise.race([died, run(world, both(away(), around))]);
    const report = await run(world);
    assert.deepEqual([exitCode(report), only(report).ca], [0, OTHER_CA]);
    assert.deepEqual([world.otherCa.orders.length, world.ca.orders.length], [1, 0]);
    assert.deepEqual([world.challengeValues(), world.state.journals.size], [[], 0]);
  });
});

describe('a run that dies on its way past a CA in trouble', () => {
  for (const when of ['before', 'after'] as const)
    it(`${when} any call is made well by the next one`, async () => {
      for (let n = 1, end = ''; end !== 'finished'; n += 1) {
        const world = createWorld();
        const { around, died } = diesAt(n, when, (call) => !call.startsWith('clock.'));
        const dies = died.then(() => 'died');
        const busy = fails('acme.newOrder', problem('serverInternal', 500, 'newOrder'), Infinity);
        end = await Promise.race([dies, run(world, both(busy, around)).then(() => 'finished')]);
        const report = await run(world);
        assert.equal(exitCode(report), 0, `killed ${when} call ${n}, ${String(world.calls.at(-1))}`);
        assert.equal(world.ca.issued.length + world.otherCa.issued.length, 1, `killed ${when} call ${n}`);
        assert.deepEqual([world.challengeValues(), world.state.journals.size], [[], 0]);
      }
    });
});

describe('a certificate of the second CA', () => {
  it('is revoked there', async () => {
    const world = createWorld();
    await run(world, away());
    await revoke(SITE, { reason: 'superseded', byKey: false }, withFallback(), world.ports(), ctx());
    assert.deepEqual([[...world.otherCa.revoked], [...world.ca.revoked]], [[0], []]);
  });
});

describe('the settings of a CA', () => {
  const eab = { kid: 'one', hmacKey: 'a2V5' };
  const { acme } = withFallback({
    profile: 'shortlived',
    email: 'admin@example.org',
    eab,
    fallback: [
      { directoryUrl: OTHER_CA, stagingDirectoryUrl: null, eab: { kid: 'two', hmacKey: 'a2V5' } },
      { directoryUrl: 'https://third.test/directory', stagingDirectoryUrl: null },
      { directoryUrl: OTHER_CA, stagingDirectoryUrl: null },
      { directoryUrl: FIRST_CA, stagingDirectoryUrl: null },
    ],
  });

  it('share the contact, and nothing that belongs to one of them', () => {
    const all = certificateAuthoritiesOf(acme);
    assert.deepEqual(
      all.map(({ directoryUrl, profile, email, eab: own }) => [directoryUrl, profile, email, own?.kid]),
      [
        [FIRST_CA, 'shortlived', 'admin@example.org', 'one'],
        [OTHER_CA, undefined, 'admin@example.org', 'two'],
        ['https://third.test/directory', undefined, 'admin@example.org', undefined],
      ],
    );
  });

  it('are bare for one that has left the config', () => {
    const left = settingsOf(acme, 'https://left.test/directory');
    assert.deepEqual(
      [left.directoryUrl, left.profile, left.eab],
      ['https://left.test/directory', undefined, undefined],
    );
    assert.equal(settingsOf(acme, OTHER_CA).eab?.kid, 'two');
  });
});
