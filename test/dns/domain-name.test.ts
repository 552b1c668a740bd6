import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  ROOT,
  ancestry,
  isWildcard,
  isWithin,
  parentName,
  parseDomainName,
  relativeToRoot,
  under,
  wireDomainName,
  withoutWildcard,
} from '../../src/dns/domain-name.ts';
import { ourError } from '../support/our-error.ts';

const letter = fc.constantFrom('a', 'b', 'X', 'Z', '0', '9', '-', '_');
const label = fc.array(letter, { minLength: 1, maxLength: 63 }).map((chars) => chars.join(''));
const text = fc
  .tuple(fc.constantFrom('', '*.'), fc.array(label, { minLength: 1, maxLength: 8 }), fc.constantFrom('', '.'))
  .map(([star, labels, dot]) => `${star}${labels.join('.')}${dot}`)
  .filter((name) => name.length <= 253);
const name = text.map(parseDomainName);

describe('a domain name', () => {
  it('is absolute and lower case, however it was written', () => {
    assert.equal(parseDomainName('Matrix.Example.ORG'), 'matrix.example.org.');
    assert.equal(parseDomainName('example.org.'), 'example.org.');
    assert.equal(parseDomainName('_matrix-fed._tcp.example.org'), '_matrix-fed._tcp.example.org.');
    assert.equal(parseDomainName('.'), ROOT);
  });

  it('that was parsed is parsed to itself, with and without its dot', () => {
    fc.assert(
      fc.property(name, (once) => {
        assert.equal(parseDomainName(once), once);
        assert.equal(parseDomainName(relativeToRoot(once)), once);
        assert.equal(wireDomainName(once.toUpperCase()), once);
      }),
    );
  });

  it('is one of at most 253 octets, and its labels of at most 63', () => {
    const longest = [63, 63, 63, 61].map((length) => 'a'.repeat(length)).join('.');
    assert.equal(longest.length, 253);
    assert.equal(parseDomainName(`${longest}.`), `${longest}.`);
    refused(`a${longest}`, /longer than 253 octets/);
    assert.equal(parseDomainName(`${'a'.repeat(63)}.org`).length, 68);
    refused(`${'a'.repeat(64)}.org`, /longer than 63 octets/);
  });

  it('written in U-labels becomes A-labels', () => {
    assert.equal(parseDomainName('Bücher.example'), 'xn--bcher-kva.example.');
    assert.equal(parseDomainName('*.bücher.example.'), '*.xn--bcher-kva.example.');
    refused('\u{d800}.example', /A-labels/);
  });

  it('is not cut out of a URL, an address or anything else around it', () => {
    for (const around of ['bücher.example/x', 'bücher.example:80', 'ich@bücher.example', 'bücher.example?x'])
      refused(around, /not a letter, digit/);
    for (const around of ['bü\ncher.example', 'bücher.example#x', 'bücher\\example', 'b%C3%BC.exämple'])
      refused(around, /not a letter, digit/);
    refused('１.２.３.４', /A-labels/);
  });

  it('has no empty label, no white space and no star but a whole first label', () => {
    refused('', /empty/);
    for (const wrong of ['a..org', '.org', 'example.org..']) refused(wrong, /empty label/);
    for (const wrong of ['exa mple.org', 'a.*.org', 'a*.org', 'example.org/']) refused(wrong, /a character/);
  });

  it('may be a wildcard, which stands for the names below the one without it', () => {
    const wild = parseDomainName('*.example.org');
    assert.equal(isWildcard(wild), true);
    assert.equal(withoutWildcard(wild), 'example.org.');
    assert.equal(withoutWildcard(parseDomainName('example.org')), 'example.org.');
  });

  it('lies within itself, its ancestors and the root, and within nothing that merely ends alike', () => {
    fc.assert(
      fc.property(name, (any) => {
        assert.ok(ancestry(any).every((ancestor) => isWithin(any, ancestor)));
        assert.ok(isWithin(any, ROOT));
      }),
    );
    assert.equal(isWithin(parseDomainName('notexample.org'), parseDomainName('example.org')), false);
    assert.equal(isWithin(parseDomainName('org'), parseDomainName('example.org')), false);
  });

  it('has ancestors up to the root, which has none', () => {
    assert.deepEqual(ancestry(parseDomainName('a.b.org')), ['a.b.org.', 'b.org.', 'org.']);
    assert.equal(parentName(parseDomainName('org')), ROOT);
    assert.equal(parentName(ROOT), null);
  });

  it('takes labels of ours in front, if the whole still fits', () => {
    assert.equal(under('_acme-challenge', parseDomainName('example.org')), '_acme-challenge.example.org.');
    assert.equal(under('org', ROOT), 'org.');
    const long = parseDomainName(`${'a'.repeat(60)}.`.repeat(4));
    assert.equal(ourError(() => under('_acme-challenge', long)).code, 'E_DOMAIN_NAME');
  });
});

function refused(wrong: string, why: RegExp): void {
  const error = ourError(() => parseDomainName(wrong));
  assert.equal(error.code, 'E_DOMAIN_NAME');
  assert.match(error.message, why, JSON.stringify(wrong));
  assert.ok(error.message.includes(JSON.stringify(wrong)), 'the message names what was written');
}
