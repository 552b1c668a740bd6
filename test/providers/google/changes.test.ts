import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { Change, DnsProvider } from '../../../src/provider.ts';
import { assertRefused, assertValues } from '../../conformance/expectations.ts';
import { testCtx } from '../../conformance/target.ts';
import { store } from '../../fakes/google.ts';
import { type FakeZone, changeZone, keyOf } from '../../fakes/google-zone.ts';
import { Refusal } from '../../fakes/google-refusal.ts';
import { type Stage, setStage } from './target.ts';

const ADAPTER = fileURLToPath(new URL('../../../providers/google', import.meta.url));
const APEX = parseDomainName('example.test');
const NAME = parseDomainName('_acme-challenge.example.test');
const ZONE = { id: 'example-test', name: APEX };
const KEY = { name: NAME, type: 'TXT' } as const;
const ADD: Change = { op: 'add', ...KEY, ttl: 60, values: ['ours'] };

describe('a change at google', () => {
  let stage: Stage;
  let zone: FakeZone;
  let provider: DnsProvider;
  beforeEach(async () => {
    stage = await setStage();
    zone = stage.fake.addZone({ name: ZONE.id, dnsName: APEX });
    provider = stage.open();
  });
  afterEach(() => stage.stop());

  /** Other writers come in between, as often as this. */
  const overtake = (times: number): void => {
    let left = times;
    stage.fake.beforeChange = () => {
      if (left === 0) return;
      left -= 1;
      const values = zone.rrsets.get(keyOf(KEY))?.rrdatas ?? [];
      store(zone, NAME, 'TXT', 60, [...values, `"theirs-${left}"`]);
    };
  };

  it('that adds a value is made again on top of what another writer made meanwhile', async () => {
    overtake(5);
    assert.equal((await provider.apply(ZONE, [ADD], testCtx())).changed, true);
    const [seen] = await provider.readRRsets(ZONE, [KEY], testCtx());
    assertValues(seen ?? null, ['ours', ...[0, 1, 2, 3, 4].map((each) => `theirs-${each}`)]);
  });

  it('that is overtaken for ever gives up, and has made nothing', async () => {
    overtake(100);
    const error = await assertRefused(provider.apply(ZONE, [ADD], testCtx()), 'E_PROVIDER_CONFLICT');
    assert.equal(error.outcome, 'not-applied');
    assert.equal(zone.changes.length, 0);
  });

  it('that puts is not repeated over what another writer made', async () => {
    overtake(1);
    const put: Change = {
      op: 'put',
      rrset: { ...KEY, ttl: 60, values: ['ours'] },
      expect: 'absent',
    };
    await assertRefused(provider.apply(ZONE, [put], testCtx()), 'E_PROVIDER_CONFLICT');
    assert.deepEqual(zone.rrsets.get(keyOf(KEY))?.rrdatas, ['"theirs-0"']);
  });

  it('never replaces a routing policy', async () => {
    zone.rrsets.set(keyOf(KEY), { kind: 'dns#resourceRecordSet', ...KEY, ttl: 60, rrdatas: [] });
    await assertRefused(provider.apply(ZONE, [ADD], testCtx()), 'E_PROVIDER_UNSUPPORTED');
    assert.equal(zone.changes.length, 0);
  });

  it('is looked at less and less often until it is done', async () => {
    stage.fake.pendingPolls = 4;
    const pauses: number[] = [];
    const patient = stage.open({}, { pause: async (ms) => pauses.push(ms) });
    const receipt = await patient.apply(ZONE, [ADD], testCtx());
    assert.equal(zone.changes[0]?.polls, 0);
    await patient.settle?.(ZONE, receipt, testCtx());
    assert.equal(zone.changes[0]?.polls, 5);
    assert.deepEqual(pauses, [250, 400, 640, 1024]);
    await patient.settle?.(ZONE, { changed: false }, testCtx());
  });

  it('that stays pending is waited for two minutes', async () => {
    stage.fake.pendingPolls = Infinity;
    let waited = 0;
    const patient = stage.open({}, { pause: async (ms) => (waited += ms) });
    const receipt = await patient.apply(ZONE, [ADD], testCtx());
    await assertRefused(
      patient.settle?.(ZONE, receipt, testCtx()) ?? Promise.resolve(),
      'E_PROVIDER_TIMEOUT',
    );
    assert.ok(waited >= 120_000 && waited < 126_000, `${waited} ms`);
  });

  it('is waited for no longer when it is stopped', async () => {
    stage.fake.pendingPolls = Infinity;
    const receipt = await provider.apply(ZONE, [ADD], testCtx());
    const stop = new AbortController();
    const pending = provider.settle?.(ZONE, receipt, testCtx(stop.signal)) ?? Promise.resolve();
    stop.abort();
    await assertRefused(pending, 'E_ABORTED');
  });
});

describe('the SDK of google', () => {
  it('is asked for nothing that removes more than one change names', () => {
    const sources = readdirSync(ADAPTER).filter((file) => file.endsWith('.ts'));
    assert.ok(sources.includes('api.ts'));
    const dangerous =
      /\.\s*(?:replaceRecords|deleteRecords\w*|empty|import|delete|addRecords|createZone)\s*\(/;
    for (const file of sources)
      assert.doesNotMatch(readFileSync(join(ADAPTER, file), 'utf8'), dangerous, file);
  });
});

describe('the fake of google', () => {
  const good = { name: NAME, type: 'TXT', ttl: 60, rrdatas: ['"a"', '"b"'] };
  it('refuses what Google refuses', () => {
    const invalid: readonly object[] = [
      { ...good, rrdatas: ['unquoted'] },
      { ...good, rrdatas: [`"${'x'.repeat(256)}"`] },
      { ...good, rrdatas: ['"a"', '"a"'] },
      { ...good, rrdatas: [] },
      { ...good, name: 'no-dot.example.test' },
      { ...good, name: 'elsewhere.test.' },
      { ...good, ttl: -1 },
      { ...good, ttl: '60' },
      { ...good, type: 'txt' },
      { ...good, type: 'SRV', rrdatas: ['1 2 3 no-dot'] },
    ];
    for (const addition of invalid)
      assert.deepEqual(refused(emptyZone(), [addition], []), [400, 'invalid'], JSON.stringify(addition));
    assert.deepEqual(refused(emptyZone(), [good, good], []), [400, 'invalid']);
    assert.deepEqual(refused(emptyZone(), [], []), [400, 'required']);
  });

  it('deletes exactly what stands there, and makes all or nothing', () => {
    const target = emptyZone();
    changeZone(target, { additions: [good], deletions: [] });
    const other = { ...good, name: APEX };
    assert.deepEqual(refused(target, [other, good], []), [409, 'alreadyExists']);
    assert.deepEqual(refused(target, [], [{ ...good, ttl: 61 }]), [412, 'conditionNotMet']);
    assert.deepEqual(refused(target, [other], [{ ...good, rrdatas: ['"a"'] }]), [412, 'conditionNotMet']);
    assert.deepEqual(refused(target, [], [other]), [404, 'notFound']);
    changeZone(target, { additions: [], deletions: [good] });
    assert.equal(target.rrsets.size, 0);
  });
});

function emptyZone(): FakeZone {
  return { name: 'z', id: '1', dnsName: APEX, visibility: 'public', rrsets: new Map(), changes: [] };
}

/** How the fake refuses; nothing may have changed by it. */
function refused(target: FakeZone, additions: unknown[], deletions: unknown[]): [number, string] {
  const before = [...target.rrsets];
  try {
    changeZone(target, { additions, deletions });
  } catch (error) {
    assert.ok(error instanceof Refusal);
    assert.deepEqual([...target.rrsets], before);
    return [error.status, error.reason];
  }
  return assert.fail('it was taken');
}
