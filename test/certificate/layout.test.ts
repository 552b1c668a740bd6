import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isVersionId, nextVersionId, superseded } from '../../src/certificate/layout.ts';

const dates = fc.date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
const tokens = fc.stringMatching(/^[a-z0-9]{6}$/);

describe('version ids', () => {
  it('tell the time and sort by it', () => {
    assert.equal(
      nextVersionId(new Date('2026-11-24T23:39:39.123Z'), 'k3v9q2', []),
      '20261124T233939123Z-k3v9q2',
    );
  });

  it('sort after all that exist, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(dates, tokens), { maxLength: 20 }), (commits) => {
        const ids: string[] = [];
        for (const [now, token] of commits) ids.push(nextVersionId(now, token, ids));
        assert.deepEqual(ids.toSorted(), ids);
        assert.equal(new Set(ids).size, ids.length);
        assert.ok(ids.every(isVersionId));
      }),
    );
  });

  it('are no paths', () => {
    for (const text of ['', '.', '..', 'current', '20261124T233939123Z-../x', '20261124T233939123Z-'])
      assert.equal(isVersionId(text), false, text);
  });
});

describe('superseded versions', () => {
  it('are all but the newest ones and the live one', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(tokens, { minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 8 }),
        (ids, at, keep) => {
          const live = ids[at % ids.length] ?? '';
          const gone = superseded(ids, live, keep);
          const kept = ids.filter((id) => !gone.includes(id)).sort();
          assert.ok(kept.includes(live));
          assert.equal(kept.length, Math.min(keep, ids.length));
          const others = kept.filter((id) => id !== live);
          assert.ok(gone.every((id) => others.every((other) => other > id)));
        },
      ),
    );
  });
});
