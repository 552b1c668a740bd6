import assert from 'node:assert/strict';
import type { Change, DomainName, RRset } from '../../src/provider.ts';
import { assertRRset, assertRefused, assertValues } from './expectations.ts';
import { type Bench, digest, testCtx } from './target.ts';

const AWKWARD: Readonly<Record<string, string>> = {
  'a base64url digest': 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ',
  '255 octets': 'x'.repeat(255),
  '256 octets': 'y'.repeat(256),
  '512 octets': 'z'.repeat(512),
  'quotes, backslashes and semicolons': String.raw`v=1; a="b" \c \\"; \010`,
  'spaces around': ' two  words ',
  'octets that are no text': '\u0000\u0001\u001f\u007f\u0080\u00e9\u00ff',
};

export function txtLaws(bench: () => Bench): void {
  const txt: Bench['txt'] = (...of) => bench().txt(...of);
  const values = (op: 'add' | 'remove', name: DomainName, list: readonly string[]): Change => {
    const { low } = bench().ttls;
    return { op, name, type: 'TXT', ttl: low, values: list };
  };
  const apply = async (...changes: readonly Change[]): Promise<void> => {
    await bench().provider.apply(bench().zone, changes, testCtx());
  };
  const read = (name: DomainName): Promise<RRset | null> => bench().read({ name, type: 'TXT' });

  describe('TXT as an RRset', () => {
    before(function () {
      if (!bench().provider.capabilities.reads) this.skip();
    });

    for (const [what, value] of Object.entries(AWKWARD))
      it(`keeps ${what}`, async () => {
        const before = await bench().target.snapshot();
        const rrset = txt(bench().txtName(), [value, 'another']);
        await apply({ op: 'put', rrset, expect: 'absent' });
        const seen = await read(rrset.name);
        assertRRset(seen, rrset);
        assert.ok(seen !== null);
        await apply({ op: 'delete', rrset: seen });
        assert.deepEqual(await bench().target.snapshot(), before);
      });

    it('is deleted and replaced as another writer wrote it', async () => {
      const { target } = bench();
      const rrset = txt(bench().txtName(), ['heritage=other', 'w'.repeat(300)]);
      await target.write(rrset);
      const seen = await read(rrset.name);
      assertRRset(seen, rrset);
      assert.ok(seen !== null);
      await apply({ op: 'put', rrset: txt(rrset.name, ['mine']), expect: seen });
      assertValues(await read(rrset.name), ['mine']);
    });
  });

  describe('TXT values', () => {
    for (const [what, value] of Object.entries(AWKWARD))
      it(`keep ${what}, and are removed by it`, async () => {
        const name = bench().txtName();
        if (bench().target.takes?.(value) === false) {
          const error = await assertRefused(apply(values('add', name, [value])), 'E_PROVIDER_REJECTED');
          assert.equal(error.outcome, 'not-applied');
          assert.deepEqual(await bench().texts(name), []);
          return;
        }
        await apply(values('add', name, [value]));
        if (bench().provider.capabilities.reads) assertRRset(await read(name), txt(name, [value]));
        assert.deepEqual(await bench().texts(name), [value]);
        await apply(values('remove', name, [value]));
        assert.deepEqual(await bench().texts(name), []);
        if (bench().provider.capabilities.reads) assert.equal(await read(name), null);
      });

    it('of two writers stand side by side, and removing one keeps the other', async () => {
      const { target } = bench();
      const name = bench().txtName();
      await target.write(txt(name, [digest('theirs')]));
      await apply(values('add', name, [digest('ours')]));
      assert.deepEqual(await bench().texts(name), [digest('ours'), digest('theirs')].sort());
      await apply(values('remove', name, [digest('ours')]));
      assert.deepEqual(await bench().texts(name), [digest('theirs')]);
      if (bench().provider.capabilities.reads) assertRRset(await read(name), txt(name, [digest('theirs')]));
    });

    it('added at the same moment all arrive', async () => {
      const name = bench().txtName();
      const all = ['one', 'two', 'three', 'four'].map(digest);
      if (bench().provider.capabilities.atomic === 'record')
        for (const value of all) await apply(values('add', name, [value]));
      else await Promise.all(all.map((value) => apply(values('add', name, [value]))));
      assert.deepEqual(await bench().texts(name), [...all].sort());
    });

    it('that are there already change nothing when they are added', async () => {
      const name = bench().txtName();
      await apply(values('add', name, [digest('here')]));
      const before = await bench().target.snapshot();
      await apply(values('add', name, [digest('here')]));
      assert.deepEqual(await bench().target.snapshot(), before);
    });

    it('that are not there change nothing when they are removed', async () => {
      const name = bench().txtName();
      const before = await bench().target.snapshot();
      await apply(values('remove', name, [digest('gone')]));
      await apply(values('add', name, [digest('here')]), values('remove', name, [digest('gone')]));
      await apply(values('remove', name, [digest('here')]));
      assert.deepEqual(await bench().target.snapshot(), before);
    });

    it('leave SRV records, aliases and other names alone', async () => {
      const { target, ttls } = bench();
      const name = bench().txtName();
      await target.write(txt(bench().txtName(), [digest('neighbour')], ttls.low + 17));
      const others = await bench().others({ name, type: 'TXT' });
      await apply(values('add', name, [digest('a'), digest('b')]));
      assert.deepEqual(await bench().others({ name, type: 'TXT' }), others);
      await apply(values('remove', name, [digest('a'), digest('b')]));
      assert.deepEqual(await target.snapshot(), others);
    });
  });
}
