import assert from 'node:assert/strict';
import { parseAccount, pinningProperty } from '../../src/acme/account-sight.ts';
import { judgeCaa } from '../../src/acme/caa.ts';

const URL = 'https://ca.example/acme/acct/1';

describe('the account at the CA', () => {
  it('is read as the CA shows it', () => {
    const body = { status: 'valid', contact: ['mailto:a@example.org', 7], externalAccountBinding: {} };
    assert.deepEqual(parseAccount(body, URL), {
      url: URL,
      status: 'valid',
      contact: ['mailto:a@example.org'],
      bound: true,
    });
  });

  it('keeps to itself what the CA does not show', () => {
    const unknown = { url: URL, status: 'unknown', contact: null, bound: false };
    for (const body of [{}, undefined, 'x']) assert.deepEqual(parseAccount(body, URL), unknown);
  });

  it('is pinned by a property that allows it, and nobody and nothing else', () => {
    const [, value = ''] = /^0 issue "(.*)"$/.exec(pinningProperty('ca.example', URL)) ?? [];
    const properties = [{ critical: false, tag: 'issue', value }];
    const judge = (account: string, identity = 'ca.example'): string =>
      judgeCaa(properties, { identities: [identity], account, method: 'dns-01', wildcard: true }).kind;
    assert.equal(judge(URL), 'allowed');
    assert.equal(judge(`${URL}2`), 'account');
    assert.equal(judge(URL, 'other.example'), 'issuer');
    assert.match(value, /; validationmethods=dns-01$/);
  });
});
