import assert from 'node:assert/strict';
import { parseDomainName, under } from '../../../src/dns/domain-name.ts';
import type { Change, DnsProvider, RRset, SrvData, Zone } from '../../../src/provider.ts';
import { assertRRset, assertRefused, assertValues } from '../../conformance/expectations.ts';
import { srv, testCtx, txt } from '../../conformance/target.ts';
import { type FakeCloudflare, type FakeZone, startFakeCloudflare } from '../../fakes/cloudflare.ts';
import { startHttpRelay } from '../../support/http-relay.ts';
import { TOKEN, linesOf, openFake, overwrite, plant } from './fake-zone.ts';

const ZONE = parseDomainName('example.test');
const SRV = under('_matrix-fed._tcp', ZONE);
const TXT = under('_acme-challenge', ZONE);
const [A, B, C] = [pointsTo('a'), pointsTo('b'), pointsTo('c')];

describe('the records of Cloudflare', () => {
  let fake: FakeCloudflare;
  let stored: FakeZone;
  let provider: DnsProvider;
  let zone: Zone;
  beforeEach(async () => {
    fake = await startFakeCloudflare();
    fake.tokens.set(TOKEN, { edit: true });
    stored = fake.addZone('example.test');
    provider = openFake(fake.url);
    zone = { id: stored.id, name: ZONE };
  });
  afterEach(() => fake.stop());

  const apply = (...changes: readonly Change[]): Promise<{ changed: boolean }> =>
    provider.apply(zone, changes, testCtx());
  const read = async (name: typeof ZONE, type: 'SRV' | 'TXT'): Promise<RRset | null> =>
    (await provider.readRRsets(zone, [{ name, type }], testCtx()))[0] ?? null;
  const writes = (): string[] =>
    fake.requests.map(({ line }) => line).filter((line) => !line.startsWith('GET'));

  it('with the TTL 1 are served for 300 seconds', async () => {
    plant(stored, { name: '_acme-challenge.example.test', type: 'TXT', ttl: 1, content: '"x"' });
    assertRRset(await read(TXT, 'TXT'), txt(TXT, ['x'], 300));
  });

  it('of one RRset that differ in TTL are no TTL that can be wanted, and are made alike', async () => {
    overwrite(stored, srv(SRV, [A], 300));
    stored.records = [
      ...stored.records.map((each) => ({ ...each, ttl: 60 })),
      ...stored.records.map((each) => ({
        ...each,
        id: 'other',
        content: '5 1 b.example.test',
        data: { priority: 10, weight: 5, port: 1, target: 'b.example.test' },
      })),
    ];
    const seen = await read(SRV, 'SRV');
    assert.equal(seen?.ttl, 0);
    const wanted = srv(SRV, [A, { ...B, port: 1 }], 60);
    await apply({ op: 'put', rrset: wanted, expect: seen });
    assertRRset(await read(SRV, 'SRV'), wanted);
  });

  it('of other writers keep their TTL when a value comes or goes beside them', async () => {
    const common = { name: '_acme-challenge.example.test', type: 'TXT' };
    plant(stored, { ...common, ttl: 120, content: '"one"' });
    plant(stored, { ...common, ttl: 3600, content: '"two"' });
    await apply({ op: 'add', name: TXT, type: 'TXT', ttl: 60, values: ['ours'] });
    assert.deepEqual(
      linesOf(stored).map((line) => line.replace(/^\S+ /, '')),
      ['120 IN TXT "one"', '120 IN TXT "ours"', '3600 IN TXT "two"'],
    );
    await apply({ op: 'remove', name: TXT, type: 'TXT', ttl: 60, values: ['ours'] });
    assert.deepEqual(
      stored.records.map(({ ttl }) => ttl),
      [120, 3600],
    );
  });

  it('without quotation marks are the same value, and go with it', async () => {
    const common = { name: '_acme-challenge.example.test', type: 'TXT', ttl: 60 };
    plant(stored, { ...common, content: 'value' });
    plant(stored, { ...common, content: '"value"' });
    assertValues(await read(TXT, 'TXT'), ['value']);
    await apply({ op: 'put', rrset: txt(TXT, ['value'], 120), expect: txt(TXT, ['value'], 60) });
    assert.equal(stored.records.length, 1);
    await apply({ op: 'remove', name: TXT, type: 'TXT', ttl: 60, values: ['value'] });
    assert.deepEqual(stored.records, []);
  });

  for (const [what, record] of Object.entries({
    'priority and content': { content: '5\t8448\ta.example.test', priority: 10 },
    'content alone': { content: '10 5 8448 a.example.test' },
  }))
    it(`of type SRV are read from ${what} where data is missing`, async () => {
      plant(stored, { name: '_matrix-fed._tcp.example.test', type: 'SRV', ttl: 300, ...record });
      assertRRset(await read(SRV, 'SRV'), srv(SRV, [A]));
    });

  it('that cannot be read are no absent RRset', async () => {
    plant(stored, { name: '_matrix-fed._tcp.example.test', type: 'SRV', ttl: 300, content: 'nonsense' });
    await assertRefused(read(SRV, 'SRV'), 'E_PROVIDER_UNAVAILABLE');
  });

  it('change in place and in one batch, so that the name is never without any', async () => {
    overwrite(stored, srv(SRV, [A, B]));
    const [first] = stored.records.map(({ id }) => id);
    await apply({ op: 'put', rrset: srv(SRV, [C, B]), expect: srv(SRV, [A, B]) });
    assert.ok(stored.records.some(({ id, data }) => id === first && data?.['target'] === 'c.example.test'));
    assert.equal(writes().length, 1);
    await apply({ op: 'put', rrset: srv(SRV, [A], 60), expect: srv(SRV, [B, C]) });
    assertRRset(await read(SRV, 'SRV'), srv(SRV, [A], 60));
    assert.equal(writes().length, 2);
  });

  it('keep the comment of whoever made them', async () => {
    await apply({ op: 'put', rrset: srv(SRV, [A]), expect: 'absent' });
    assert.deepEqual(
      stored.records.map(({ comment }) => comment),
      ['managed by delegated'],
    );
    stored.records = stored.records.map((each) => ({ ...each, comment: 'hands off' }));
    await apply({ op: 'put', rrset: srv(SRV, [B]), expect: srv(SRV, [A]) });
    assert.deepEqual(
      stored.records.map(({ comment }) => comment),
      ['hands off'],
    );
  });

  describe('that somebody else writes between our look and our batch', () => {
    const add: Change = { op: 'add', name: TXT, type: 'TXT', ttl: 60, values: ['value'] };

    it('are as good as ours when they are what we want', async () => {
      once(fake, () => overwrite(stored, txt(TXT, ['value'])));
      assert.deepEqual(await apply(add), { changed: false });
      assert.equal(stored.records.length, 1);
    });

    it('are a conflict when more was wanted, and then nothing is changed', async () => {
      once(fake, () => overwrite(stored, txt(TXT, ['value'])));
      const put: Change = { op: 'put', rrset: srv(SRV, [A]), expect: 'absent' };
      const error = await assertRefused(apply(put, add), 'E_PROVIDER_CONFLICT');
      assert.equal(error.outcome, 'not-applied');
      assert.equal(await read(SRV, 'SRV'), null);
    });

    it('are a conflict when they are gone', async () => {
      overwrite(stored, srv(SRV, [A]));
      once(fake, () => {
        stored.records = [];
      });
      await assertRefused(
        apply({ op: 'put', rrset: srv(SRV, [B]), expect: srv(SRV, [A]) }),
        'E_PROVIDER_CONFLICT',
      );
      assert.deepEqual(stored.records, []);
    });
  });

  describe('where NS records hand the name over', () => {
    beforeEach(() => {
      for (const name of ['example.test', 'sub.example.test'])
        plant(stored, { name, type: 'NS', ttl: 1, content: 'ns.example.net' });
    });

    it('are not written', async () => {
      for (const name of ['sub.example.test', '_acme-challenge.sub.example.test'].map(parseDomainName)) {
        const error = await assertRefused(
          apply({ op: 'add', name, type: 'TXT', ttl: 60, values: ['x'] }),
          'E_PROVIDER_UNSUPPORTED',
        );
        assert.match(error.message, /NS records at sub\.example\.test\./);
      }
      await apply({
        op: 'add',
        name: under('_acme-challenge.notsub', ZONE),
        type: 'TXT',
        ttl: 60,
        values: ['x'],
      });
    });

    it('can be removed', async () => {
      const name = parseDomainName('_acme-challenge.sub.example.test');
      overwrite(stored, txt(name, ['old']));
      await apply({ op: 'delete', rrset: txt(name, ['old']) });
      assert.equal(await read(name, 'TXT'), null);
    });
  });

  describe('by the thousand', () => {
    const names = Array.from({ length: 250 }, (_, index) => under(`_acme-challenge.n${index}`, ZONE));
    const adding: readonly Change[] = names.map((name) => ({
      op: 'add',
      name,
      type: 'TXT',
      ttl: 60,
      values: ['x'],
    }));

    it('are written in batches of 200', async () => {
      assert.deepEqual(await apply(...adding), { changed: true });
      assert.equal(stored.records.length, 250);
      assert.equal(writes().length, 2);
    });

    it('are partly there when the second batch fails, and the rest follows', async () => {
      let batch = 0;
      fake.meanwhile = () => {
        batch += 1;
        if (batch === 2) overwrite(stored, txt(parseDomainName('_acme-challenge.n249.example.test'), ['x']));
      };
      const error = await assertRefused(apply(...adding), 'E_PROVIDER_CONFLICT');
      assert.equal(error.outcome, 'partial');
      await apply(...adding);
      assert.equal(stored.records.length, 250);
    });

    it('are not taken for whole when one went from a page that was read already', async () => {
      for (let index = 0; index < 5_001; index += 1)
        plant(stored, { name: `n${index}.example.test`, type: 'TXT', ttl: 60, content: '"x"' });
      const relay = await startHttpRelay(fake.url);
      try {
        relay.fault = ({ path }) => {
          if (path.includes('page=2')) stored.records = stored.records.slice(1);
          return null;
        };
        const keys = names.map((name) => ({ name, type: 'TXT' as const }));
        const reading = openFake(relay.url).readRRsets(zone, keys, testCtx());
        const error = await assertRefused(reading, 'E_PROVIDER_UNAVAILABLE');
        assert.deepEqual([error.retry.kind, error.outcome], ['backoff', 'not-applied']);
      } finally {
        await relay.stop();
      }
    });

    it('are read page by page, by their number', async () => {
      for (let index = 0; index < 5_001; index += 1)
        plant(stored, { name: `n${index}.example.test`, type: 'TXT', ttl: 60, content: '"x"' });
      const keys = Array.from({ length: 5_001 }, (_, index) => ({
        name: under(`n${index}`, ZONE),
        type: 'TXT' as const,
      }));
      const found = await provider.readRRsets(zone, keys, testCtx());
      assert.ok(found.every((rrset, index) => rrset?.name === keys[index]?.name));
      assert.equal(fake.requests.length, 2);
    });
  });
});

function pointsTo(host: string): SrvData {
  return { priority: 10, weight: 5, port: 8448, target: under(host, ZONE) };
}

/** Another writer, before the next batch. */
function once(fake: FakeCloudflare, hand: () => void): void {
  fake.meanwhile = () => {
    fake.meanwhile = () => undefined;
    hand();
  };
}
