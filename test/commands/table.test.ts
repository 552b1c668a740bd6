import assert from 'node:assert/strict';
import { paintFor, painter, table } from '../../src/commands/table.ts';
import { createTestShell } from '../support/test-shell.ts';

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

  it('is left off where the option, NO_COLOR or the terminal say so', () => {
    assert.equal(painted({ TERM: 'xterm' }), true);
    assert.equal(painted({ NO_COLOR: '' }), true);
    assert.equal(painted({ NO_COLOR: '1' }), false);
    assert.equal(painted({ TERM: 'dumb' }), false);
    assert.equal(painted({}, { color: false }), false);
    assert.equal(painted({}, {}, false), false);
  });
});

function painted(env: Readonly<Record<string, string>>, flags = {}, outIsTerminal = true): boolean {
  return paintFor(flags, Object.assign(createTestShell(env), { outIsTerminal }))('bad', 'x') !== 'x';
}
