/** A CA that has said no is not asked again at every turn, by nobody, and is asked again in time. */
import assert from 'node:assert/strict';
import type { Problem } from '../src/acme/problem.ts';
import { problemError } from '../src/acme/problem-error.ts';
import type { Config, SiteConfig } from '../src/config/config.ts';
import type { DelegatedError } from '../src/errors.ts';
import { renew } from '../src/renew.ts';
import { type Report, exitCode } from '../src/report.ts';
import type { SiteState } from '../src/schedule/state.ts';
import {
  type Around,
  MATRIX,
  OTHER_CA,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';
import { count, fails, trouble } from './support/faults.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SITE = site({ certificate: certificate() });

interface Run {
  readonly around?: Around;
  readonly force?: boolean;
  readonly insist?: boolean;
  readonly site?: SiteConfig;
  readonly acme?: Partial<Config['acme']>;
}

function run(
  world: World,
  { around, force = false, insist = false, site: each = SITE, acme }: Run = {},
): Promise<Report> {
  const settings = config(each);
  const ports = world.ports(around);
  const all = { ...settings, acme: { ...settings.acme, ...acme } };
  return renew([each], all, { force, insist }, ports, { ...ctx(), log: ports.log });
}

function codes({ sites }: Report): string[] {
  return sites.flatMap(({ errors }) => errors.map(({ code }) => code));
}

function stateOf({ state }: World): SiteState {
  const found = state.sites.get('example.org');
  assert.ok(found !== undefined);
  return found;
}

function objection(type: string): Problem {
  return { type, detail: `the CA says ${type}`, status: 403, subproblems: [] };
}

/** What the CA answers to an order. */
function refusal(type: string, status: number, retryAt: Date | null = null): DelegatedError {
  const problem = {
    type,
    detail: `the CA says ${type}`,
    status,
    subproblems: [],
    instance: 'https://ca.test/unpause',
  };
  return problemError(problem, { place: 'newOrder', asked: 'newOrder', retryAt, termsOfService: null });
}

function refuses(type: string, status: number, retryAt: Date | null = null): Around {
  return fails('acme.newOrder', refusal(type, status, retryAt), Infinity);
}

/** Minutes from the last setback to the end of its pause. */
function pause(world: World): number {
  const [setback] = stateOf(world).setbacks ?? [];
  assert.ok(setback !== undefined);
  return (setback.notBefore.getTime() - setback.at.getTime()) / MINUTE;
}

describe('after a refusal', () => {
  it('pauses 1, 10 and 100 minutes and then a day, whoever asks in between', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    const pauses: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      // Only what this counts, not our own limit of orders.
      world.state.entries.length = 0;
      assert.deepEqual(codes(await run(world)), ['E_ACME_AUTHORIZATION']);
      pauses.push(pause(world));
      const orders = world.ca.orders.length;
      const again = await run(world);
      assert.deepEqual([codes(again), exitCode(again)], [['E_ACME_HELD_BACK'], 3]);
      assert.equal(world.ca.orders.length, orders, 'the CA was asked');
      world.clock.advance((pauses.at(-1) ?? 0) * MINUTE);
    }
    assert.deepEqual(pauses, [1, 10, 100, 24 * 60]);
  });

  it('says what the CA said, how long it is held back, and how to ask at once', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    await run(world);
    const [site] = (await run(world)).sites;
    const [error] = site?.errors ?? [];
    const until = stateOf(world).setbacks?.[0]?.notBefore.toISOString() ?? '';
    assert.equal(error?.retryAt, until);
    assert.match(
      error.message,
      new RegExp(`^not asked again before ${until}: the CA could not validate example\\.org`),
    );
    assert.match(error.hint ?? '', /`delegated renew` with the name of the site asks at once$/);
  });

  it('remembers the refusal and not that it waited', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    await run(world);
    const before = stateOf(world);
    await run(world);
    assert.deepEqual(stateOf(world), before);
  });

  it('asks at once for a site that somebody names', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    await run(world);
    world.ca.objection = undefined;
    assert.deepEqual(codes(await run(world, { insist: true })), []);
    assert.equal(stateOf(world).setbacks, undefined);
  });

  it('asks at once when the config asks for something else', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    await run(world);
    world.ca.objection = undefined;
    const changed = site({ certificate: certificate({ names: [MATRIX] }) });
    assert.deepEqual(codes(await run(world, { site: changed })), []);
  });

  it('keeps to the moment that the CA names, also for who names the site, but not when forced', async () => {
    const world = createWorld();
    const at = new Date(world.clock.now().getTime() + 3 * DAY);
    await run(world, { around: refuses('rateLimited', 429, at) });
    assert.deepEqual(codes(await run(world, { insist: true })), ['E_ACME_HELD_BACK']);
    world.clock.advance(at.getTime() - world.clock.now().getTime() - 1);
    assert.deepEqual(codes(await run(world, { insist: true })), ['E_ACME_HELD_BACK']);
    assert.deepEqual(codes(await run(world, { force: true })), []);
  });

  it('forgets a pause that was dated by a clock which ran ahead', async () => {
    const world = createWorld();
    world.clock.advance(300 * DAY);
    const at = new Date(world.clock.now().getTime() + 3 * DAY);
    await run(world, { around: refuses('rateLimited', 429, at) });
    world.clock.advance(-300 * DAY);
    assert.deepEqual(codes(await run(world)), []);
  });

  it('asks again at the moment that the CA has named', async () => {
    const world = createWorld();
    const at = new Date(world.clock.now().getTime() + 3 * DAY);
    await run(world, { around: refuses('rateLimited', 429, at) });
    world.clock.advance(at.getTime() - world.clock.now().getTime());
    assert.deepEqual(codes(await run(world)), []);
  });

  it('spares the orders that are left until the end of a certificate that lives for less than a week', async () => {
    const lifetimeMs = 160 * 60 * MINUTE;
    const staging = { stagingDirectoryUrl: OTHER_CA };
    for (const [acme, shares] of [
      // One of the four orders that a week allows was for the live certificate.
      [undefined, [1 / 3, 1 / 2]],
      // A rehearsal finds out without an order, so a minute is long enough.
      [staging, [0]],
    ] as const) {
      const world = createWorld();
      world.ca.lifetimeMs = lifetimeMs;
      await run(world);
      world.clock.advance(lifetimeMs / 2);
      const [live] = world.versions.get('example.org') ?? [];
      assert.ok(live !== undefined);
      world.ca.objection = objection('unauthorized');
      for (const share of shares) {
        const left = live.facts.notAfter.getTime() - world.clock.now().getTime();
        await run(world, acme === undefined ? {} : { acme });
        const expected = Math.min(DAY, share * left);
        const found = pause(world) * MINUTE;
        assert.ok(
          Math.abs(found - expected) < 12 * MINUTE,
          `${found / DAY} days instead of ${expected / DAY}`,
        );
        world.clock.advance(found);
      }
      world.ca.objection = undefined;
      assert.deepEqual(codes(await run(world)), []);
    }
  });

  it('does not spare where the limit forgets before the certificate ends, nor for who names the site', async () => {
    const world = createWorld();
    await run(world);
    world.clock.advance(61 * DAY);
    world.ca.objection = objection('unauthorized');
    await run(world);
    assert.equal(pause(world), 1);
    world.clock.advance(26 * DAY);
    await run(world);
    assert.ok(pause(world) > 10 + 1);
    world.ca.objection = undefined;
    assert.deepEqual(codes(await run(world, { insist: true })), []);
  });

  it('is looked at again at that moment, however often something else has failed before it', async () => {
    const world = createWorld();
    const at = new Date(world.clock.now().getTime() + 5 * 60 * MINUTE);
    const both: Around = async (call, perform) => {
      if (call === 'provider.apply') throw trouble('E_PROVIDER_UNAVAILABLE');
      return refuses('rateLimited', 429, at)(call, perform);
    };
    for (let failures = 1; failures <= 4; failures += 1) await run(world, { around: both });
    assert.equal(stateOf(world).failures, 4);
    assert.deepEqual(codes(await run(world)), ['E_ACME_HELD_BACK']);
    assert.deepEqual([stateOf(world).failures, stateOf(world).retryAt], [4, at]);
  });

  for (const type of ['caa', 'rejectedIdentifier'])
    it(`is asked once a day where the refusal lasts (${type}), and that is an alarm`, async () => {
      const world = createWorld();
      if (type === 'caa') world.ca.objection = objection(type);
      const around = type === 'caa' ? undefined : refuses(type, 400);
      await run(world, around === undefined ? {} : { around });
      assert.equal(pause(world), 24 * 60);
      assert.ok(world.warnings.includes('the CA will not issue this before somebody acts'));
    });

  it('waits for the person whom the CA wants, and shows the page', async () => {
    const world = createWorld();
    await run(world);
    world.clock.advance(61 * DAY);
    const report = await run(world, { around: refuses('userActionRequired', 403) });
    assert.match(report.sites[0]?.errors[0]?.hint ?? '', /https:\/\/ca\.test\/unpause/);
    const [version] = world.versions.get('example.org') ?? [];
    assert.ok(version !== undefined);
    assert.equal(
      stateOf(world).setbacks?.[0]?.notBefore.getTime(),
      version.facts.notAfter.getTime() - 15 * DAY,
    );
    world.clock.advance(13 * DAY);
    assert.deepEqual(codes(await run(world)), ['E_ACME_HELD_BACK']);
    // Who opened the page and forgot about us still has a sixth of the lifetime.
    world.clock.advance(2 * DAY);
    assert.deepEqual(codes(await run(world)), []);
  });

  it('does not hold back what the CA knows nothing of', async () => {
    for (const [call, error] of [
      ['acme.account', trouble('E_ACME_UNREACHABLE')],
      ['acme.newOrder', refusal('serverInternal', 500)],
      ['provider.apply', trouble('E_PROVIDER_UNAVAILABLE')],
    ] as const) {
      const world = createWorld();
      assert.notDeepEqual(codes(await run(world, { around: fails(call, error, Infinity) })), [], call);
      assert.deepEqual(codes(await run(world)), [], call);
    }
  });

  it('leaves no challenge value in the zone for as long as it waits', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    const stuck: Around = async (call, perform) => {
      if (call === 'provider.apply' && world.ca.orders.some(({ status }) => status === 'invalid'))
        throw trouble('E_PROVIDER_UNAVAILABLE');
      return perform();
    };
    await run(world, { around: stuck });
    assert.equal(world.challengeValues().length, 1);
    assert.deepEqual(codes(await run(world)), ['E_ACME_HELD_BACK']);
    assert.deepEqual(world.challengeValues(), []);
  });

  it('asks the next CA meanwhile, where it is this CA that is not to be asked', async () => {
    const world = createWorld();
    const acme = { fallback: [{ directoryUrl: OTHER_CA, stagingDirectoryUrl: null }] };
    const at = new Date(world.clock.now().getTime() + 3 * DAY);
    const both: Around = async (call, perform) => {
      if (call.endsWith('cme.newOrder')) throw refusal('rateLimited', 429, at);
      return perform();
    };
    await run(world, { acme, around: both });
    assert.equal(stateOf(world).setbacks?.length, 2);
    const without = { ...stateOf(world), setbacks: stateOf(world).setbacks?.slice(0, 1) ?? [] };
    world.state.sites.set('example.org', without);
    world.calls.length = 0;
    assert.deepEqual(codes(await run(world, { acme })), []);
    assert.deepEqual([count(world, 'acme.newOrder'), count(world, 'otherAcme.newOrder')], [0, 1]);
  });

  it('asks no other CA for a name that cannot be validated, until there is hardly any time left', async () => {
    const world = createWorld();
    const acme = { fallback: [{ directoryUrl: OTHER_CA, stagingDirectoryUrl: null }] };
    await run(world, { acme });
    world.ca.objection = objection('unauthorized');
    world.clock.advance(85 * DAY);
    assert.deepEqual(codes(await run(world, { acme, insist: true })), ['E_ACME_AUTHORIZATION']);
    assert.equal(world.otherCa.orders.length, 0);
    assert.ok(world.warnings.some((text) => text.startsWith('less than a sixth')));
    world.clock.advance(DAY);
    const report = await run(world, { acme, insist: true });
    assert.deepEqual(codes(report), []);
    assert.equal(report.sites[0]?.certificate?.ca, OTHER_CA);
  });

  it('says in the report how near the end is', async () => {
    const world = createWorld();
    await run(world);
    world.ca.objection = objection('unauthorized');
    const urgencies: (string | undefined)[] = [];
    for (const days of [61, 15, 10]) {
      world.clock.advance(days * DAY);
      urgencies.push((await run(world)).sites[0]?.certificate?.urgency);
    }
    assert.deepEqual(urgencies, [undefined, 'late', 'urgent']);
    assert.ok(world.warnings.some((text) => text.startsWith('less than a twentieth')));
  });
});

describe('after a failed validation', () => {
  const acme = { stagingDirectoryUrl: OTHER_CA };

  it('rehearses at the staging first, and asks the CA only when that went well', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    await run(world, { acme });
    world.otherCa.objection = objection('unauthorized');
    world.clock.advance(2 * MINUTE);
    const failed = await run(world, { acme });
    assert.deepEqual(codes(failed), ['E_ACME_AUTHORIZATION']);
    assert.match(failed.sites[0]?.errors[0]?.message ?? '', /^in a rehearsal at https:\/\/other\.test/);
    assert.deepEqual([world.ca.orders.length, world.otherCa.orders.length], [1, 1]);
    assert.equal(pause(world), 10);
    world.otherCa.objection = undefined;
    world.ca.objection = undefined;
    world.clock.advance(11 * MINUTE);
    assert.deepEqual(codes(await run(world, { acme })), []);
    assert.deepEqual([world.ca.issued.length, world.otherCa.issued.length], [1, 1]);
    assert.equal(
      world.versions.get('example.org')?.length,
      1,
      'the certificate of the rehearsal is thrown away',
    );
    assert.deepEqual([world.challengeValues(), world.state.journals.size], [[], 0]);
  });

  it('spends none of the orders of the CA on a rehearsal', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    world.otherCa.objection = objection('unauthorized');
    await run(world, { acme });
    const { length } = world.state.ledger;
    world.clock.advance(2 * MINUTE);
    await run(world, { acme });
    assert.equal(world.state.ledger.length, length);
  });

  it('goes on to the CA when the staging is itself in trouble', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    await run(world, { acme });
    world.ca.objection = undefined;
    world.clock.advance(2 * MINUTE);
    const around = fails('otherAcme.account', trouble('E_ACME_UNREACHABLE'), Infinity);
    assert.deepEqual(codes(await run(world, { acme, around })), []);
  });

  it('rehearses the order that follows, with its profile', async () => {
    const world = createWorld();
    const asked = { ...acme, profile: 'tlsserver' };
    world.ca.profiles = ['tlsserver'];
    world.otherCa.profiles = ['classic'];
    world.ca.objection = objection('unauthorized');
    await run(world, { acme: asked });
    world.ca.objection = undefined;
    world.clock.advance(2 * MINUTE);
    assert.deepEqual(codes(await run(world, { acme: asked })), []);
    assert.equal(world.otherCa.orders.length, 0, 'the staging has no such profile, so it cannot rehearse');
  });

  it('does not rehearse when forced, nor before the first failure', async () => {
    const world = createWorld();
    world.ca.objection = objection('unauthorized');
    await run(world, { acme });
    world.ca.objection = undefined;
    assert.deepEqual(codes(await run(world, { acme, force: true })), []);
    assert.equal(world.otherCa.orders.length, 0);
  });
});
