import assert from 'node:assert/strict';
import { type MemoryOptions, createMemory } from '../providers/memory/index.ts';
import type { DnsProvider } from '../src/provider.ts';
import { type TrialStep, tryProvider } from '../src/trial.ts';
import { assertRefused } from './conformance/expectations.ts';
import { EXAMPLE, createWorld, ctx } from './support/fake-ports.ts';

const TARGET = {
  provider: 'main',
  zone: 'example.org',
  nameServers: [],
  propagationTimeoutMs: 5_000,
};

interface Trial {
  readonly steps: readonly TrialStep[];
  readonly left: readonly string[];
}

/** Tries the world's own provider, changed a little. */
async function tried(change: (provider: DnsProvider) => DnsProvider = (same) => same): Promise<Trial> {
  const world = createWorld();
  const ports = world.ports();
  const provider = change(await ports.provider('main'));
  const steps = await tryProvider(
    TARGET,
    () => undefined,
    { ...ports, provider: async () => provider },
    ctx(),
  );
  return { steps, left: world.provider.snapshot() };
}

function failed({ steps }: Trial): string[] {
  return steps.flatMap(({ title, outcome }) => (outcome === 'failed' ? [title] : []));
}

describe('a provider on trial', () => {
  it('that is good passes every law and keeps nothing', async () => {
    const trial = await tried();
    assert.deepEqual(
      trial.steps.filter(({ outcome }) => outcome !== 'ok'),
      [],
    );
    assert.ok(trial.steps.length >= 10);
    assert.deepEqual(trial.left, []);
  });

  it('is not asked for what it does not promise', async () => {
    const trial = await tried((provider) => ({
      ...provider,
      capabilities: { ...provider.capabilities, types: ['TXT'], reads: false, cas: 'none' },
    }));
    assert.deepEqual(failed(trial), []);
    assert.equal(trial.steps.filter(({ outcome }) => outcome === 'ok').length, 2);
    assert.deepEqual(trial.left, []);
  });

  it('that drops a field, forgets a value or ignores what it was to expect is found out', async () => {
    const blind = createMemory({ zones: [EXAMPLE], promises: { cas: 'none' } } satisfies MemoryOptions);
    const weightless = await tried(() => ({
      ...blind,
      readRRsets: async (...args) =>
        (await blind.readRRsets(...args)).map((rrset) =>
          rrset?.type === 'SRV'
            ? { ...rrset, values: rrset.values.map((each) => ({ ...each, weight: 0 })) }
            : rrset,
        ),
    }));
    assert.match(failed(weightless).join(), /changed in every field/);

    const forgetful = await tried((provider) => ({
      ...provider,
      apply: async (zone, changes, each) => {
        for (const change of changes)
          if (change.op === 'add') {
            const [seen] = await provider.readRRsets(zone, [{ name: change.name, type: 'TXT' }], each);
            if (seen != null) await provider.apply(zone, [{ op: 'delete', rrset: seen }], each);
          }
        return provider.apply(zone, changes, each);
      },
    }));
    assert.match(failed(forgetful).join(), /side by side/);

    const liar = await tried(() => ({ ...blind, capabilities: { ...blind.capabilities, cas: 'full' } }));
    assert.equal(failed(liar).filter((title) => /not overwritten/.test(title)).length, 2);
    assert.deepEqual(blind.snapshot(), []);
  });

  it('loses what was made in it when it is stopped half-way', async () => {
    const world = createWorld();
    const stop = new AbortController();
    const onStep = ({ title }: TrialStep): void => {
      if (/SRV records are written/.test(title)) stop.abort();
    };
    const work = tryProvider(TARGET, onStep, world.ports(), { ...ctx(), signal: stop.signal });
    await assertRefused(work, 'E_ABORTED');
    assert.deepEqual(world.provider.snapshot(), []);
  });

  it('has to have the zone', async () => {
    const world = createWorld();
    const provider = { ...(await world.ports().provider('main')), zoneById: async () => null };
    const ports = { ...world.ports(), provider: async () => provider };
    const target = { ...TARGET, zone: 'nobody.invalid' };
    await assertRefused(
      tryProvider(target, () => undefined, ports, ctx()),
      'E_ZONE_NOT_FOUND',
    );
  });
});
