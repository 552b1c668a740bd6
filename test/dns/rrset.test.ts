import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ROOT, parseDomainName } from '../../src/dns/domain-name.ts';
import {
  characterStrings,
  isNullTarget,
  keyText,
  presentation,
  sameRRset,
  sameValues,
  txtText,
} from '../../src/dns/rrset.ts';
import { srv, txt } from '../conformance/target.ts';

const NAME = parseDomainName('_matrix-fed._tcp.example.org');
const A = { priority: 10, weight: 5, port: 8448, target: parseDomainName('a.example.org') };
const B = { ...A, target: parseDomainName('b.example.org') };

/** Octets, one `char` each. */
const octets = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 700 })
  .map((codes) => String.fromCharCode(...codes));

describe('an RRset', () => {
  it('is a set: the order of its values says nothing', () => {
    assert.ok(sameRRset(srv(NAME, [A, B]), srv(NAME, [B, A])));
    assert.deepEqual(presentation(srv(NAME, [B, A])), [
      '10 5 8448 a.example.org.',
      '10 5 8448 b.example.org.',
    ]);
  });

  it('differs from another by name, type, TTL or any field of a value', () => {
    const one = srv(NAME, [A]);
    assert.ok(!sameRRset(one, srv(NAME, [A], 301)));
    assert.ok(sameValues(one, srv(NAME, [A], 301)));
    assert.ok(!sameValues(one, srv(parseDomainName('_matrix._tcp.example.org'), [A])));
    assert.ok(!sameValues(one, txt(NAME, ['10 5 8448 a.example.org.'])));
    for (const other of [{ ...A, priority: 11 }, { ...A, weight: 6 }, { ...A, port: 443 }, B])
      assert.ok(!sameValues(one, srv(NAME, [other])));
    assert.ok(!sameValues(one, srv(NAME, [A, B])));
  });

  it('is found by its name and type', () => {
    assert.equal(keyText({ name: NAME, type: 'SRV' }), '_matrix-fed._tcp.example.org. SRV');
  });
});

describe('an SRV target', () => {
  it('that is the root says that there is no service', () => {
    assert.ok(isNullTarget({ ...A, target: ROOT }));
    assert.ok(!isNullTarget(A));
  });
});

describe('a TXT value', () => {
  it('is cut into character-strings of at most 255 octets that make it up again', () => {
    fc.assert(
      fc.property(octets, (value) => {
        const strings = characterStrings(value);
        assert.equal(strings.join(''), value);
        assert.ok(strings.every((each) => each.length <= 255));
        assert.equal(strings.length, Math.max(1, Math.ceil(value.length / 255)));
      }),
    );
  });

  it('is quoted and escaped, so that no value looks like another', () => {
    assert.equal(txtText(''), '""');
    assert.equal(txtText('say "\\"'), String.raw`"say \"\\\""`);
    assert.equal(txtText('\u0000\u00fc'), String.raw`"\000\252"`);
    fc.assert(fc.property(octets, octets, (a, b) => (txtText(a) === txtText(b)) === (a === b)));
  });
});
