import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { parseSrvText, parseTxtText } from '../../src/dns/parse-rdata.ts';
import { srvText, txtText } from '../../src/dns/rrset.ts';

const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const number = fc.integer({ min: 0, max: 65_535 });

describe('parseTxtText', () => {
  it('reads back whatever octets are written', () => {
    fc.assert(
      fc.property(fc.string({ unit: octet, maxLength: 600 }), (value) => {
        assert.equal(parseTxtText(txtText(value)), value);
      }),
    );
  });

  it('joins the character-strings, quoted or not', () => {
    assert.equal(parseTxtText('"a" "b"  c'), 'abc');
    assert.equal(parseTxtText('""'), '');
    assert.equal(parseTxtText(String.raw`"\"\\\010\;"`), '"\\\n;');
  });

  it('takes a character that is no octet for its octets in UTF-8', () => {
    assert.equal(parseTxtText('"€"'), '\u00e2\u0082\u00ac');
  });

  it('refuses what is no presentation form', () => {
    for (const text of ['', ' ', '"open', '"a"b"', 'a"b']) assert.equal(parseTxtText(text), null, text);
  });
});

describe('parseSrvText', () => {
  it('reads back whatever is written', () => {
    fc.assert(
      fc.property(number, number, number, (priority, weight, port) => {
        const data = { priority, weight, port, target: parseDomainName('matrix.example.org') };
        assert.deepEqual(parseSrvText(srvText(data)), data);
      }),
    );
  });

  it('takes the target as absolute, with or without its last dot, in any case', () => {
    assert.equal(parseSrvText('10 5 8448 Matrix.Example.org')?.target, 'matrix.example.org.');
    assert.equal(parseSrvText('0 0 0 .')?.target, '.');
  });

  it('refuses everything else', () => {
    for (const text of [
      '',
      '10 5 8448',
      '10 5 65536 a.',
      '-1 5 1 a.',
      '10 5 8448 a. b.',
      'x 5 1 a.',
      '1 2 3 ..',
    ])
      assert.equal(parseSrvText(text), null, text);
  });
});
