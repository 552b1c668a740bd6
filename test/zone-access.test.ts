import assert from 'node:assert/strict';
import { type MemoryCall, createMemory } from '../providers/memory/index.ts';
import type { Change } from '../src/dns/change.ts';
import { fenceAround } from '../src/dns/fence.ts';
import { BACKOFF, DelegatedError, type ErrorCode, type ErrorDetails, NEVER, retryAt } from '../src/errors.ts';
import type { DnsProvider } from '../src/ports.ts';
import { zoneAccess } from '../src/zone-access.ts';
import { assertRefused } from './conformance/expectations.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { CHALLENGE, EXAMPLE, FED, ctx } from './support/fake-ports.ts';

const ZONE = { id: EXAMPLE, name: EXAMPLE };
const FENCE = fenceAround([{ name: CHALLENGE, type: 'TXT' }]);

function add(...values: readonly string[]): Change {
  return { op: 'add', name: CHALLENGE, type: 'TXT', ttl: 60, values };
}

function afterMs(ms: number): ErrorDetails {
  return { retry: retryAt(new Date(createFakeClock().now().getTime() + ms)) };
}

function named(provider: DnsProvider, text: string): Promise<unknown> {
  return zoneAccess(provider, createFakeClock()).namedZone(text, ctx());
}

/** A provider whose `apply` fails as often as told. */
function failing(times: number, code: ErrorCode, details: ErrorDetails) {
  const clock = createFakeClock();
  let calls = 0;
  const before = (call: MemoryCall): void => {
    if (call === 'apply' && (calls += 1) <= times) throw new DelegatedError(code, 'no', details);
  };
  const access = zoneAccess(createMemory({ zones: [EXAMPLE], before }), clock);
  return { clock, calls: () => calls, write: () => access.write(ZONE, [add('value')], FENCE, ctx()) };
}

describe('the way to a provider', () => {
  it('tries twice more while the provider is unavailable and surely applied nothing', async () => {
    const passing = failing(2, 'E_PROVIDER_UNAVAILABLE', { retry: BACKOFF });
    await passing.write();
    assert.equal(passing.calls(), 3);
    assert.equal(passing.clock.monotonic(), 1_250);

    const lasting = failing(3, 'E_PROVIDER_UNAVAILABLE', { retry: BACKOFF });
    await assertRefused(lasting.write(), 'E_PROVIDER_UNAVAILABLE');
    assert.equal(lasting.calls(), 3);
  });

  it('waits as long as a provider asks for, when that is half a minute at most', async () => {
    const short = failing(1, 'E_PROVIDER_RATE_LIMITED', afterMs(7_000));
    await short.write();
    assert.equal(short.calls(), 2);
    assert.equal(short.clock.monotonic(), 7_000);
    const long = failing(1, 'E_PROVIDER_RATE_LIMITED', afterMs(31_000));
    await assertRefused(long.write(), 'E_PROVIDER_RATE_LIMITED');
    assert.equal(long.clock.monotonic(), 0);
  });

  it('finds a zone that the config names, by id or by name, or takes its name where there is no other id', async () => {
    const twin = { id: 'twin-1', name: EXAMPLE };
    const plain = createMemory({ zones: [EXAMPLE] });
    const numbered: DnsProvider = { ...plain, zoneById: async (id) => (id === 'twin-1' ? twin : null) };
    assert.deepEqual(await named(numbered, 'twin-1'), twin);
    assert.deepEqual(await named(numbered, 'example.org'), { id: EXAMPLE, name: EXAMPLE });
    assert.equal(await named(numbered, 'sub.example.org'), null);
    assert.equal(await named(numbered, 'twin_2!'), null);
    assert.deepEqual(await named(plain, 'unseen.example'), {
      id: 'unseen.example.',
      name: 'unseen.example.',
    });
    assert.equal(await named(plain, 'no name!'), null);
  });

  it('tries nothing again that may have been applied, was refused, or has its own time', async () => {
    const cases: readonly [ErrorCode, ErrorDetails][] = [
      ['E_PROVIDER_UNAVAILABLE', { retry: BACKOFF, outcome: 'unknown' }],
      ['E_PROVIDER_UNAVAILABLE', { retry: BACKOFF, outcome: 'partial' }],
      ['E_PROVIDER_UNAVAILABLE', { retry: NEVER }],
      ['E_PROVIDER_RATE_LIMITED', { retry: retryAt(new Date(8e15)) }],
      ['E_PROVIDER_RATE_LIMITED', { retry: BACKOFF }],
      ['E_PROVIDER_CONFLICT', { retry: BACKOFF }],
      ['E_PROVIDER_FORBIDDEN', {}],
    ];
    for (const [code, details] of cases) {
      const { write, calls } = failing(1, code, details);
      await assertRefused(write(), code);
      assert.equal(calls(), 1, code);
    }
  });

  it('gives up on an adapter that never answers, and does not know what it did', async () => {
    const clock = createFakeClock();
    const mute = { ...createMemory({ zones: [EXAMPLE] }), apply: () => new Promise<never>(() => undefined) };
    const error = await assertRefused(
      zoneAccess(mute, clock).write(ZONE, [add('value')], FENCE, ctx()),
      'E_PROVIDER_TIMEOUT',
    );
    assert.equal(error.outcome, 'unknown');
    assert.equal(clock.monotonic(), 60_000);
  });

  it('gives up on a vendor whose change never becomes done', async () => {
    const mute = { ...createMemory({ zones: [EXAMPLE] }), settle: () => new Promise<never>(() => undefined) };
    const access = zoneAccess(mute, createFakeClock());
    await assertRefused(access.write(ZONE, [add('value')], FENCE, ctx()), 'E_PROVIDER_TIMEOUT');
  });

  it('asks nothing for a caller that has given up, however it said so', async () => {
    const { provider, calls } = counting();
    for (const signal of [AbortSignal.abort(), AbortSignal.abort(new DOMException('late', 'TimeoutError'))])
      await assertRefused(zoneAccess(provider, createFakeClock()).findZone(FED, ctx(signal)), 'E_ABORTED');
    assert.deepEqual(calls, []);
  });

  it('leaves an adapter that ignores its signal to itself', async () => {
    const stop = new AbortController();
    const deaf = {
      ...createMemory({ zones: [EXAMPLE] }),
      findZone: () => new Promise<never>(() => stop.abort()),
    };
    await assertRefused(zoneAccess(deaf, createFakeClock()).findZone(FED, ctx(stop.signal)), 'E_ABORTED');
  });

  it('stops what is outside the fence before the provider hears of it', async () => {
    const { provider, calls } = counting();
    const outside = { ...add('value'), name: EXAMPLE };
    const access = zoneAccess(provider, createFakeClock());
    await assertRefused(access.write(ZONE, [add('value'), outside], FENCE, ctx()), 'E_PROVIDER_FENCE');
    assert.deepEqual(calls, []);
  });

  it('asks nothing for no keys, and takes an answer of the wrong length for a bug', async () => {
    const { provider, calls } = counting();
    const access = zoneAccess(provider, createFakeClock());
    assert.deepEqual(await access.read(ZONE, [], ctx()), []);
    assert.deepEqual(calls, []);
    const short = zoneAccess({ ...provider, readRRsets: async () => [] }, createFakeClock());
    await assertRefused(short.read(ZONE, [{ name: FED, type: 'SRV' }], ctx()), 'E_BUG');
  });

  it('writes in batches of what the provider takes, and waits for each to settle', async () => {
    const memory = createMemory({ zones: [EXAMPLE], promises: { changesPerApply: 2 } });
    const sizes: string[] = [];
    const provider: DnsProvider = {
      ...memory,
      apply: (zone, changes, inner) => {
        sizes.push(`apply ${changes.length}`);
        return memory.apply(zone, changes, inner);
      },
      settle: async () => void sizes.push('settle'),
    };
    const changes = ['a', 'b', 'c'].map((value) => add(value));
    await zoneAccess(provider, createFakeClock()).write(ZONE, changes, FENCE, ctx());
    assert.deepEqual(sizes, ['apply 2', 'settle', 'apply 1', 'settle']);
    assert.equal(memory.snapshot().length, 3);
  });

  it('lets one writer at a time into a zone, whoever asks, and the next one in after a failure', async () => {
    let atWork = 0;
    let most = 0;
    let calls = 0;
    const before = async (call: MemoryCall): Promise<void> => {
      if (call !== 'apply') return;
      most = Math.max(most, (atWork += 1));
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      atWork -= 1;
      if ((calls += 1) === 1) throw new DelegatedError('E_PROVIDER_FORBIDDEN', 'no');
    };
    const provider = createMemory({ zones: [EXAMPLE], before });
    const clock = createFakeClock();
    const writes = ['a', 'b', 'c'].map((value) =>
      zoneAccess(provider, clock).write(ZONE, [add(value)], FENCE, ctx()),
    );
    const settled = await Promise.allSettled(writes);
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    );
    assert.equal(most, 1);
  });
});

function counting(): { readonly provider: DnsProvider; readonly calls: string[] } {
  const calls: string[] = [];
  const provider = createMemory({ zones: [EXAMPLE], before: (call) => void calls.push(call) });
  return { provider, calls };
}
