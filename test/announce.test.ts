import assert from 'node:assert/strict';
import { announce } from '../src/announce.ts';
import { DelegatedError } from '../src/errors.ts';
import type { Notice, Notifier } from '../src/ports.ts';
import { renew } from '../src/renew.ts';
import {
  type Around,
  type World,
  certificate,
  config,
  createWorld,
  ctx,
  site,
} from './support/fake-ports.ts';
import { fails, trouble } from './support/faults.ts';
import { tenants } from './support/sites.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const SITE = site({ certificate: certificate() });

interface Post extends Notifier {
  readonly sent: Notice[];
  isBroken: boolean;
}

function post(): Post {
  const office: Post = {
    sent: [],
    isBroken: false,
    async send(notice) {
      if (office.isBroken)
        return [{ channel: 'exec', error: new DelegatedError('E_NOTIFY', 'no such program') }];
      office.sent.push(notice);
      return [
        { channel: 'exec', error: null },
        { channel: 'webhook', error: new DelegatedError('E_NOTIFY', 'out of reach') },
      ];
    },
  };
  return office;
}

async function run(world: World, office: Notifier, around?: Around): Promise<void> {
  const ports = world.ports(around);
  const context = { ...ctx(), log: ports.log };
  await announce(await renew([SITE], config(SITE), { force: false }, ports, context), office, ports, context);
}

/** The records cannot be read, and the CA can be asked. */
const withoutProvider: Around = async (call, perform) => {
  if (call.startsWith('provider.')) throw trouble('E_PROVIDER_UNAVAILABLE');
  return perform();
};

/** A window that is far off, with a page. */
function explained({ clock }: World): NonNullable<World['ca']['suggest']> {
  const start = new Date(clock.now().getTime() + 40 * DAY);
  const window = { start, end: new Date(start.getTime() + DAY), explanationUrl: 'https://ca.test/incident' };
  return () => ({ window });
}

const AWAY = (): Around => fails('acme.directory', trouble('E_ACME_UNREACHABLE'), Infinity);
const levels = ({ sent }: Post): string[] => sent.flatMap(({ sites }) => sites.map(({ level }) => level));

describe('telling people', () => {
  it('says nothing of a run that went well, and nothing of what passes', async () => {
    const [world, office] = [createWorld(), post()];
    await run(world, office, AWAY());
    world.clock.advance(10 * MINUTE);
    await run(world, office);
    assert.deepEqual(office.sent, []);
  });

  it('tells once that it fails, then how near the end is, then that it is over, then that it is well', async () => {
    const [world, office] = [createWorld(), post()];
    await run(world, office);
    world.clock.advance(62 * DAY);
    await run(world, office, AWAY());
    for (let hours = 0; hours < 5 * 24; hours += 1) {
      world.clock.advance(60 * MINUTE);
      await run(world, office, AWAY());
    }
    assert.deepEqual(levels(office), ['failing']);
    const [first] = office.sent;
    assert.ok(first !== undefined);
    const { text, sites } = first;
    assert.match(
      text,
      /^example\.org: runs fail; valid until .*; failing since .*; E_ACME_UNREACHABLE: trouble$/,
    );
    assert.equal(sites[0]?.error?.code, 'E_ACME_UNREACHABLE');
    for (const days of [9, 10.5, 5]) {
      world.clock.advance(days * DAY);
      await run(world, office, AWAY());
    }
    assert.deepEqual(levels(office), ['failing', 'late', 'urgent', 'broken']);
    await run(world, office);
    assert.deepEqual(levels(office).at(-1), 'well');
    assert.equal(world.state.sites.get('example.org')?.told, undefined);
    const { length } = office.sent;
    await run(world, office);
    assert.equal(office.sent.length, length);
  });

  it('tells it again when nobody could be told, and not for the sake of one channel of two', async () => {
    const [world, office] = [createWorld(), post()];
    await run(world, office, AWAY());
    world.clock.advance(2 * 60 * MINUTE);
    office.isBroken = true;
    await run(world, office, AWAY());
    assert.ok(world.warnings.includes('a notification could not be sent by exec'));
    office.isBroken = false;
    await run(world, office, AWAY());
    await run(world, office, AWAY());
    assert.deepEqual(levels(office), ['failing']);
  });

  it('passes on the page on which the CA explains itself, once', async () => {
    const [world, office] = [createWorld(), post()];
    const explanationUrl = 'https://ca.test/incident';
    world.ca.suggest = () => {
      const start = new Date(world.clock.now().getTime() + 20 * DAY);
      return { window: { start, end: new Date(start.getTime() + DAY), explanationUrl } };
    };
    await run(world, office);
    await run(world, office);
    assert.deepEqual(
      office.sent.map(({ sites }) => sites.map((each) => [each.level, each.explanationUrl])),
      [[['well', explanationUrl]]],
    );
    assert.match(
      office.sent[0]?.text ?? '',
      /the CA explains when to renew at https:\/\/ca\.test\/incident$/,
    );
  });

  it('does not call a site well that has just failed, only to pass on a page', async () => {
    const [world, office] = [createWorld(), post()];
    await run(world, office);
    world.ca.suggest = explained(world);
    const around = withoutProvider;
    world.clock.advance(2 * DAY);
    await run(world, office, around);
    assert.deepEqual(office.sent, []);
    await run(world, office);
    assert.deepEqual(levels(office), ['well']);
  });

  it('says it again once a week and not twice, also when the reminder has a new page', async () => {
    const [world, office] = [createWorld(), post()];
    await run(world, office);
    const around = withoutProvider;
    await run(world, office, around);
    world.clock.advance(2 * 60 * MINUTE);
    await run(world, office, around);
    assert.deepEqual(levels(office), ['failing']);
    world.ca.suggest = explained(world);
    world.clock.advance(8 * DAY);
    await run(world, office, around);
    world.clock.advance(60 * MINUTE);
    await run(world, office, around);
    assert.deepEqual(levels(office), ['failing', 'failing']);
  });

  it('puts all sites of a run into one message, and no more lines than somebody reads', async () => {
    const [world, office] = [createWorld(), post()];
    const sites = tenants(30);
    const around = fails('acme.directory', trouble('E_ACME_UNREACHABLE'), Infinity);
    for (const hours of [0, 2]) {
      world.clock.advance(hours * 60 * MINUTE);
      const ports = world.ports(around);
      await announce(
        await renew(sites, config(...sites), { force: false }, ports, ctx()),
        office,
        ports,
        ctx(),
      );
    }
    assert.equal(office.sent.length, 1);
    const [message] = office.sent;
    assert.ok(message !== undefined);
    const { text } = message;
    assert.equal(message.sites.length, 30);
    assert.equal(text.split('\n').length, 21);
    assert.match(text, /… and 10 more sites$/);
  });

  it('tells of the other sites although the state of one cannot be read', async () => {
    const [world, office] = [createWorld(), post()];
    const sites = tenants(2);
    const away = fails('acme.directory', trouble('E_ACME_UNREACHABLE'), Infinity);
    for (const hours of [0, 2]) {
      world.clock.advance(hours * 60 * MINUTE);
      const ports = world.ports(away);
      const report = await renew(sites, config(...sites), { force: false }, ports, ctx());
      const state = {
        ...ports.state,
        readSite: async (name: string) => {
          if (name.startsWith('t0')) throw trouble('E_STATE');
          return ports.state.readSite(name);
        },
      };
      await announce(report, office, { ...ports, state }, { ...ctx(), log: ports.log });
    }
    assert.deepEqual(
      office.sent.map((notice) => notice.sites.map(({ serverName }) => serverName)),
      [['t1.example.org']],
    );
    assert.ok(world.warnings.includes('cannot tell whether there is news of a site'));
  });
});
