import assert from 'node:assert/strict';
import { checkOrdered, parseOrder } from '../../src/acme/parse-order.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { ourError } from '../support/our-error.ts';

const URL = 'https://ca.example/order/1';
const ORDER = {
  status: 'pending',
  expires: '2026-11-25T12:00:00Z',
  identifiers: [
    { type: 'dns', value: 'Example.org' },
    { type: 'dns', value: '*.example.org' },
  ],
  authorizations: ['https://ca.example/authz/1', 'https://ca.example/authz/2'],
  finalize: 'https://ca.example/order/1/finalize',
};
const NAMES = ['*.example.org', 'example.org'].map(parseDomainName);

describe('parseOrder', () => {
  it('reads an order with names in lower case', () => {
    assert.deepEqual(parseOrder(ORDER, URL, 3_000), {
      url: URL,
      status: 'pending',
      names: ['example.org.', '*.example.org.'],
      authorizations: ORDER.authorizations,
      finalize: ORDER.finalize,
      expires: new Date('2026-11-25T12:00:00Z'),
      retryAfterMs: 3_000,
    });
  });

  it('reads why an order failed, and where its certificate is', () => {
    const error = { type: 'urn:ietf:params:acme:error:rejectedIdentifier', detail: 'no' };
    assert.equal(parseOrder({ ...ORDER, status: 'invalid', error }, URL).error?.type, 'rejectedIdentifier');
    const certificate = 'https://ca.example/cert/1';
    assert.equal(parseOrder({ ...ORDER, status: 'valid', certificate }, URL).certificate, certificate);
    assert.equal(parseOrder({ ...ORDER, certificate: '' }, URL).certificate, undefined);
  });

  for (const [what, body] of [
    ['no object', 'text'],
    ['no status', { ...ORDER, status: undefined }],
    ['an unknown status', { ...ORDER, status: 'deactivated' }],
    ['no finalize URL', { ...ORDER, finalize: undefined }],
    ['a URL without TLS', { ...ORDER, finalize: 'http://ca.example/f' }],
    ['no authorizations', { ...ORDER, authorizations: null }],
    ['no identifiers', { ...ORDER, identifiers: undefined }],
    ['an identifier of another type', { ...ORDER, identifiers: [{ type: 'ip', value: '192.0.2.1' }] }],
    ['an identifier that is no name', { ...ORDER, identifiers: [{ type: 'dns', value: 'a..b' }] }],
    ['a date that is none', { ...ORDER, expires: 'soon' }],
    ['valid, without a certificate', { ...ORDER, status: 'valid' }],
  ] as const)
    it(`refuses one with ${what}`, () => {
      const error = ourError(() => parseOrder(body, URL));
      assert.equal(error.code, 'E_ACME_PROBLEM');
      assert.match(error.message, /^malformed answer/);
    });

  it('refuses one without a URL', () => {
    assert.match(ourError(() => parseOrder(ORDER, '')).message, /Location/);
  });
});

describe('checkOrdered', () => {
  const order = parseOrder(ORDER, URL);

  it('is content with the names in any order', () => {
    checkOrdered(ORDER, order, NAMES, undefined);
  });

  it('refuses an order that lacks a name, or has another one', () => {
    const other = parseDomainName('other.example');
    const lacks = ourError(() => {
      checkOrdered(ORDER, order, [...NAMES, other], undefined);
    });
    assert.equal(lacks.code, 'E_ACME_ORDER');
    assert.match(lacks.message, /without other\.example/);
    const more = ourError(() => {
      checkOrdered(ORDER, order, NAMES.slice(1), undefined);
    });
    assert.match(more.message, /with \*\.example\.org/);
  });

  it('wants a profile that was asked for echoed', () => {
    checkOrdered({ ...ORDER, profile: 'tlsserver' }, order, NAMES, 'tlsserver');
    const silent = ourError(() => {
      checkOrdered(ORDER, order, NAMES, 'tlsserver');
    });
    assert.equal(silent.code, 'E_ACME_ORDER');
    assert.match(silent.message, /does not know profiles/);
    const other = ourError(() => {
      checkOrdered({ ...ORDER, profile: 'classic' }, order, NAMES, 'tlsserver');
    });
    assert.match(other.message, /"classic", not "tlsserver"/);
  });
});
