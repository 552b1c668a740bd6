import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { editDistance, nearest } from '../../src/config/nearest.ts';

describe('nearest', () => {
  it('finds what was meant', () => {
    const known = ['target', 'port', 'priority', 'weight'];
    assert.equal(nearest('prot', known), 'port');
    assert.equal(nearest('taget', known), 'target');
    assert.equal(nearest('prioritaet', known), 'priority');
    assert.equal(nearest('zone', known), null);
  });

  it('takes case, hyphen and underscore for no difference', () => {
    assert.equal(nearest('hmac_key', ['kid', 'hmacKey']), 'hmacKey');
    assert.equal(nearest('KEY-MODE', ['keyMode', 'owner']), 'keyMode');
  });

  it('knows nothing near an empty list', () => {
    assert.equal(nearest('port', []), null);
  });
});

describe('editDistance', () => {
  it('is zero for equal words only, the same both ways, and one for one edit', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        assert.equal(editDistance(a, b) === 0, a === b);
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, `${a}x`), 1);
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
      }),
    );
  });

  it('counts two letters that changed places once', () => {
    assert.equal(editDistance('port', 'prot'), 1);
  });
});
