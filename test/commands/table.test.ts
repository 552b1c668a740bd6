import assert from 'node:assert/strict';
import { painter, table } from '../../src/commands/table.ts';

describe('a table', () => {
  it('has columns that line up, and no white space at the end of a line', () => {
    assert.deepEqual(
      table(
        ['NAME', 'STATE', ''],
        [
          ['example.org', 'good', 'x'],
          ['a.example.org', '-', ''],
        ],
      ),
      ['NAME           STATE', 'example.org    good   x', 'a.example.org  -'],
    );
  });

  it('takes a row that is short for one with empty cells', () => {
    assert.deepEqual(table(['A', 'B'], [['1']]), ['A  B', '1']);
  });
});

describe('paint', () => {
  it('is put on only for somebody who looks', () => {
    assert.equal(painter(false)('bad', 'text'), 'text');
    assert.equal(painter(true)('bad', 'text'), '\u001b[31mtext\u001b[0m');
    assert.equal(painter(true)('bad', ''), '');
  });
});
