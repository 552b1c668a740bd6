import assert from 'node:assert/strict';
import { type CaaProperty, type CaaQuestion, judgeCaa } from '../../src/acme/caa.ts';

const ACCOUNT = 'https://ca.test/acct/1';
const QUESTION: CaaQuestion = {
  identities: ['ca.test'],
  account: ACCOUNT,
  method: 'dns-01',
  wildcard: false,
};

function kind(values: readonly (string | CaaProperty)[], over: Partial<CaaQuestion> = {}): string {
  const properties = values.map((value) =>
    typeof value === 'string' ? { critical: false, tag: 'issue', value } : value,
  );
  return judgeCaa(properties, { ...QUESTION, ...over }).kind;
}

function property(tag: string, value: string, critical = false): CaaProperty {
  return { critical, tag, value };
}

describe('CAA records', () => {
  it('allow everybody where there are none, and where none is about issuing', () => {
    assert.equal(kind([]), 'allowed');
    assert.equal(kind([property('iodef', 'mailto:a@example.org')]), 'allowed');
  });

  it('allow the CA that they name, in any case and among others', () => {
    assert.equal(kind(['ca.test']), 'allowed');
    assert.equal(kind(['other.test', ' CA.test ; ']), 'allowed');
    assert.equal(kind([property('ISSUE', 'ca.test')]), 'allowed');
  });

  it('forbid everybody else, and with ";" everybody', () => {
    for (const value of ['other.test', ';', '', 'sub.ca.test']) assert.equal(kind([value]), 'issuer', value);
  });

  it('name nobody when they are malformed (RFC 8659 §4.2)', () => {
    for (const value of ['ca.test; no parameter', 'ca.test other.test', 'ca.test; =x'])
      assert.equal(kind([value]), 'issuer', value);
  });

  it('for a wildcard are issuewild where there is one, and else issue', () => {
    const wildcard = { wildcard: true };
    assert.equal(kind(['ca.test', property('issuewild', ';')], wildcard), 'issuer');
    assert.equal(kind(['ca.test', property('issuewild', ';')]), 'allowed');
    assert.equal(kind(['other.test', property('issuewild', 'ca.test')], wildcard), 'allowed');
    assert.equal(kind(['ca.test'], wildcard), 'allowed');
    assert.equal(kind([property('issuewild', ';')]), 'allowed');
  });

  it('may allow some methods only (RFC 8657 §4)', () => {
    assert.equal(kind(['ca.test; validationmethods=http-01,dns-01']), 'allowed');
    assert.equal(kind(['ca.test; validationmethods=http-01']), 'method');
    assert.equal(kind(['ca.test; validationmethods=http-01', 'ca.test']), 'allowed');
  });

  it('may bind the names to an account (RFC 8657 §3), and to two at once never', () => {
    assert.equal(kind([`ca.test; accounturi=${ACCOUNT}`]), 'allowed');
    assert.equal(kind([`ca.test; validationmethods=dns-01; accounturi=${ACCOUNT}`]), 'allowed');
    assert.equal(kind([`ca.test; accounturi=${ACCOUNT}2`]), 'account');
    assert.equal(kind([`ca.test; accounturi=${ACCOUNT}`], { account: null }), 'account');
    assert.equal(kind([`ca.test; accounturi=${ACCOUNT}; accounturi=${ACCOUNT}2`]), 'account');
    assert.equal(kind([`ca.test; accounturi=${ACCOUNT}2`, `ca.test; accounturi=${ACCOUNT}`]), 'allowed');
  });

  it('that are critical and unknown stop every CA', () => {
    assert.equal(kind(['ca.test', property('future', 'x', true)]), 'critical');
    assert.equal(kind(['ca.test', property('future', 'x')]), 'allowed');
    assert.equal(kind([property('issue', 'ca.test', true)]), 'allowed');
  });
});
