import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { batches, operationsFor } from '../../../providers/cloudflare/operations.ts';
import { type StoredRecord, toBodies } from '../../../providers/cloudflare/convert.ts';
import { parseDomainName, relativeToRoot } from '../../../src/dns/domain-name.ts';
import { presentation, txtText } from '../../../src/dns/rrset.ts';
import type { TxtRRset } from '../../../src/provider.ts';
import { txt } from '../../conformance/target.ts';
import { applyBatch } from '../../fakes/cloudflare-records.ts';

const NAME = parseDomainName('_acme-challenge.example.test');
const key = { name: NAME, type: 'TXT' } as const;
const values = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'));
const ttl = fc.constantFrom(60, 300, 3_600);
const rrset = fc
  .tuple(values, ttl)
  .map(([list, seconds]) => (list.length === 0 ? null : txt(NAME, list, seconds)));

function recordsOf(set: TxtRRset | null): StoredRecord[] {
  return (set?.values ?? []).map((value, index) => ({
    id: `id${index}`,
    ttl: set?.ttl ?? 0,
    value: txtText(value),
  }));
}

describe('operationsFor', () => {
  it('leads from any RRset to any other, in place as far as both go', () => {
    fc.assert(
      fc.property(rrset, rrset, (before, after) => {
        const records = recordsOf(before);
        const operations = operationsFor({ key, before, after }, records);
        const count = operations.deletes.length + operations.patches.length + operations.posts.length;
        if (count === 0) return;
        const name = relativeToRoot(NAME);
        const stored = records.map(({ id, value, ttl: seconds }) => ({
          id,
          name,
          type: 'TXT',
          ttl: seconds,
          content: value,
        }));
        const done = applyBatch(
          { name: 'example.test', records: stored },
          JSON.stringify(operations),
        ).records;
        assert.deepEqual(
          done.map(({ content }) => content).sort(),
          after === null ? [] : presentation(after),
        );
        assert.ok(done.every((record) => record.ttl === after?.ttl));
        // What stays long enough to be looked up: only what is left over goes, or comes new.
        assert.equal(operations.deletes.length, Math.max(0, records.length - (after?.values.length ?? 0)));
        assert.equal(operations.posts.length, Math.max(0, (after?.values.length ?? 0) - records.length));
      }),
    );
  });

  it('does nothing where nothing differs', () => {
    fc.assert(
      fc.property(rrset, (set) => {
        const operations = operationsFor({ key, before: set, after: set }, recordsOf(set));
        assert.deepEqual(operations, { deletes: [], patches: [], posts: [] });
      }),
    );
  });
});

describe('batches', () => {
  it('hold 200 operations at most, all of them, in their order, and tear no RRset apart', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        const list = sizes.map((size, rrsetIndex) => {
          const texts = Array.from({ length: size }, (_, index) => `${rrsetIndex}-${index}`);
          return { deletes: [], patches: [], posts: [...toBodies(txt(NAME, texts)).values()] };
        });
        const packed = batches(list);
        assert.ok(packed.every(({ posts }) => posts.length <= 200));
        assert.deepEqual(
          packed.flatMap(({ posts }) => posts),
          list.flatMap(({ posts }) => posts),
        );
        for (const { posts } of list)
          assert.equal(packed.filter((batch) => posts.some((post) => batch.posts.includes(post))).length, 1);
      }),
    );
  });
});
