/** A simulation that cannot fail proves nothing: each of these products is broken in one place, and is found out. */
import assert from 'node:assert/strict';
import type { AcmeClient, DnsProvider, Ports } from '../../src/ports.ts';
import { CHALLENGE, type World } from '../support/fake-ports.ts';
import { DAY, HOUR } from './disasters.ts';
import { simulate } from './simulate.ts';

const LIFETIME_MS = 160 * HOUR;
const SPAN_MS = 400 * DAY;
const MOST_SEEDS = 6;

interface Sabotage {
  readonly what: string;
  readonly found: RegExp;
  readonly sabotage: (ports: Ports, world: World) => Ports;
}

function withAcme(ports: Ports, change: (acme: AcmeClient) => Partial<AcmeClient>): Ports {
  return {
    ...ports,
    async acme(url) {
      const acme = await ports.acme(url);
      return over(acme, change(acme));
    },
  };
}

function withProvider(ports: Ports, change: (provider: DnsProvider) => Partial<DnsProvider>): Ports {
  const changed = new Map<string, Promise<DnsProvider>>();
  const open = async (name: string): Promise<DnsProvider> => {
    const provider = await ports.provider(name);
    return over(provider, change(provider));
  };
  return {
    ...ports,
    provider(name) {
      const opened = changed.get(name) ?? open(name);
      changed.set(name, opened);
      return opened;
    },
  };
}

/** The ports of a simulated process are proxies, which have no members of their own to spread. */
function over<Port extends object>(port: Port, change: Partial<Port>): Port {
  return new Proxy(port, {
    get: (target, key): unknown => Reflect.get(key in change ? change : target, key),
  });
}

const SABOTAGES: readonly Sabotage[] = [
  {
    what: 'takes its own clock for right, whatever the CA says',
    found:
      /order \d+ came .* days before the certificate could be due, with a clock that is|an expired certificate is live/,
    sabotage: (ports) =>
      withAcme(ports, (acme) => ({
        async directory(ctx) {
          const { clockAheadMs: _, ...directory } = await acme.directory(ctx);
          return directory;
        },
      })),
  },
  {
    what: 'writes no journal',
    found: /a challenge value stands in the zone that no journal knows/,
    sabotage: (ports) => ({ ...ports, state: over(ports.state, { writeJournal: async () => undefined }) }),
  },
  {
    what: 'forgets what an interrupted run has left',
    found: /a journal stays open|challenge value/,
    sabotage: (ports) => ({ ...ports, state: over(ports.state, { openJournals: async () => [] }) }),
  },
  {
    what: 'takes the challenge values of others with its own',
    found: /a record of others is gone or different/,
    sabotage: (ports, world) =>
      withProvider(ports, (provider) => ({
        async apply(zone, changes, ctx) {
          const receipt = await provider.apply(zone, changes, ctx);
          if (changes.some(({ op }) => op === 'remove'))
            world.provider.erase({ name: CHALLENGE, type: 'TXT' });
          return receipt;
        },
      })),
  },
  {
    what: 'believes every output to be current',
    found: /the homeserver serves another certificate than the live one/,
    sabotage: (ports) => ({ ...ports, outputs: over(ports.outputs, { isCurrent: async () => true }) }),
  },
  {
    what: 'reads the end of a certificate days too late',
    found: /the certificate is overdue|an expired certificate is live/,
    sabotage: (ports) => ({
      ...ports,
      store: over(ports.store, {
        async read(lineage) {
          const found = await ports.store.read(lineage);
          if (found === null || 'broken' in found) return found;
          const notAfter = new Date(found.facts.notAfter.getTime() + 4 * DAY);
          return { ...found, facts: { ...found.facts, notAfter } };
        },
      }),
    }),
  },
  {
    what: 'renews whenever it looks, and keeps no account of it',
    found: /order \d+ came .* days before|a published limit of the CA was reached/,
    sabotage: (ports) => ({
      ...ports,
      state: over(ports.state, { readLedger: async () => [], secret: async () => 'x' }),
      store: over(ports.store, { read: async () => null }),
    }),
  },
];

describe('a simulated product', () => {
  for (const { what, found, sabotage } of SABOTAGES)
    it(`that ${what} is found out`, async function saboteur() {
      this.timeout(0);
      for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
        const { failure } = await simulate({ seed, lifetimeMs: LIFETIME_MS, spanMs: SPAN_MS, sabotage });
        if (failure === null) continue;
        assert.match(failure.message, found);
        return;
      }
      assert.fail(`${MOST_SEEDS} seeds found nothing`);
    });

  it('does the same whether or not the looks of a calm time are skipped', async function skipping() {
    this.timeout(0);
    let saved = 0;
    for (const seed of [1, 2, 3]) {
      const span = { seed, lifetimeMs: LIFETIME_MS, spanMs: 40 * DAY };
      const [skipped, all] = [await simulate(span), await simulate({ ...span, everyLook: true })];
      saved += all.looks - skipped.looks;
      assert.deepEqual(skipped.history, all.history);
    }
    assert.ok(saved > 0);
  });
});
