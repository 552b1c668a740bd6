import assert from 'node:assert/strict';
import { accountUris } from '../../src/acme/account-uri.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';

/** The test vector of draft-ietf-acme-dns-persist-02 §10.2. */
const ACCOUNT = {
  url: 'https://ca.example/acct/123',
  thumbprint: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
};
const EXAMPLE = parseDomainName('example.com');
const PREFIX = 'https://ca.example/account-hash/';

describe('accountUris', () => {
  it('is the URL of the account where the CA names no prefix', () => {
    assert.deepEqual(accountUris({}, ACCOUNT, EXAMPLE), [ACCOUNT.url]);
  });

  it('is the digest of the draft where it does, for the domain first and for any domain then', () => {
    assert.deepEqual(accountUris({ accountHashPrefix: PREFIX }, ACCOUNT, EXAMPLE), [
      `${PREFIX}sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw`,
      `${PREFIX}sha-256/NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug`,
    ]);
  });

  it('is that of either key while nobody knows which one the CA has, to publish that of the old one', () => {
    const next = 'LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ';
    const uris = accountUris({ accountHashPrefix: PREFIX }, { ...ACCOUNT, nextThumbprint: next }, EXAMPLE);
    assert.deepEqual(uris, [
      ...accountUris({ accountHashPrefix: PREFIX }, ACCOUNT, EXAMPLE),
      ...accountUris({ accountHashPrefix: PREFIX }, { ...ACCOUNT, thumbprint: next }, EXAMPLE),
    ]);
    assert.equal(new Set(uris).size, 4);
    assert.deepEqual(accountUris({}, { ...ACCOUNT, nextThumbprint: next }, EXAMPLE), [ACCOUNT.url]);
  });
});
