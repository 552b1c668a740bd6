import assert from 'node:assert/strict';
import { wrapped } from '../../src/commands/wrap.ts';

describe('a text for a terminal', () => {
  it('is broken between words, within the columns, and indented below its first line', () => {
    const text = 'The quick brown fox jumps over the lazy dog';
    assert.equal(wrapped(text, 30, 4), 'The quick brown fox jumps\n    over the lazy dog');
    for (const columns of [24, 30, 41, 80])
      for (const line of `    ${wrapped(text, columns, 4)}`.split('\n'))
        assert.ok(line.length <= columns, `${columns}: ${line}`);
  });

  it('keeps a word whole that is longer than a line', () => {
    const url = `https://example.org/${'x'.repeat(60)}`;
    assert.deepEqual(wrapped(`look at ${url} now`, 40, 2).split('\n  '), ['look at', url, 'now']);
  });

  it('is left as it is when four blanks say that it is to be copied', () => {
    const line = `      {"m.server": "matrix.example.org:443"}`;
    assert.equal(wrapped(line, 30, 2), line);
    assert.ok(wrapped(line.trimStart(), 30, 2).includes('\n'));
  });

  it('is one line where there is no terminal', () => {
    const text = 'word '.repeat(100).trim();
    assert.equal(wrapped(text, null, 4), text);
  });
});
