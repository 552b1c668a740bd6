import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { fromFileName, toFileName } from '../../src/io/file-name.ts';

const names = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });

describe('file names of server names', () => {
  it('are the name itself in the usual case', () => {
    assert.equal(toFileName('matrix-1.example.org'), 'matrix-1.example.org');
    assert.equal(toFileName('Example.org:8448'), '%45xample.org%3A8448');
    assert.equal(toFileName('..'), '%2E.');
  });

  it('can be turned back', () => {
    fc.assert(
      fc.property(names, (name) => {
        fc.pre(encodeURIComponent(name).length < 70);
        assert.equal(fromFileName(toFileName(name)), name);
      }),
    );
  });

  it('stay in their folder and differ also where the file system folds case', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        fc.pre(encodeURIComponent(a).length < 70 && encodeURIComponent(b).length < 70);
        assert.match(toFileName(a), /^(?!\.)[a-zA-F0-9._%-]+$/);
        if (a !== b) assert.notEqual(toFileName(a).toLowerCase(), toFileName(b).toLowerCase());
      }),
    );
  });

  it('are refused when they would be too long', () => {
    assert.throws(() => toFileName('x'.repeat(241)), { code: 'E_STATE' });
  });

  it('that nobody made mean nothing', () => {
    for (const name of ['.delegated-1', 'A', '%41%', '%61', '']) assert.equal(fromFileName(name), null, name);
  });
});
