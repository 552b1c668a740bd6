import assert from 'node:assert/strict';
import { groupBy } from '../src/group-by.ts';
import { mapConcurrent } from '../src/pool.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a pool', () => {
  it('keeps the order of the results, with never more at work than its limit', async () => {
    let atWork = 0;
    let most = 0;
    const results = await mapConcurrent([5, 4, 3, 2, 1], 2, async (turns, index) => {
      most = Math.max(most, (atWork += 1));
      for (let each = 0; each < turns; each += 1) await turn();
      atWork -= 1;
      return index * 10 + turns;
    });
    assert.deepEqual(results, [5, 14, 23, 32, 41]);
    assert.equal(most, 2);
  });

  it('starts nothing more after a failure', async () => {
    const started: number[] = [];
    const work = mapConcurrent([1, 2, 3, 4, 5, 6], 2, async (item) => {
      started.push(item);
      await turn();
      if (item === 1) throw new Error('no');
    });
    await assert.rejects(work, /no/);
    for (let turns = 0; turns < 10; turns += 1) await turn();
    assert.deepEqual(started, [1, 2]);
  });

  it('of nothing is done at once', async () => {
    assert.deepEqual(await mapConcurrent([], 4, async () => 1), []);
  });
});

describe('groups', () => {
  it('hold the items of one key, in their order', () => {
    const groups = groupBy(['apple', 'bean', 'avocado'], (word) => word.charAt(0));
    assert.deepEqual(
      [...groups],
      [
        ['a', ['apple', 'avocado']],
        ['b', ['bean']],
      ],
    );
  });
});
