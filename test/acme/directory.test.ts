import assert from 'node:assert/strict';
import { parseDirectory } from '../../src/acme/directory.ts';
import { ourError } from '../support/our-error.ts';

const URL = 'https://ca.example/dir';
const DIRECTORY = {
  newNonce: 'https://ca.example/nonce',
  newAccount: 'https://ca.example/account',
  newOrder: 'https://ca.example/order',
};

describe('parseDirectory', () => {
  it('reads the terms of service and whether an external account is wanted', () => {
    const meta = { termsOfService: 'https://ca.example/terms', externalAccountRequired: true };
    assert.deepEqual(
      parseDirectory({ ...DIRECTORY, meta, keyChange: 'https://ca.example/key', other: 'x' }, URL),
      {
        ...DIRECTORY,
        ...meta,
        keyChange: 'https://ca.example/key',
      },
    );
  });

  it('reads the names of profiles, and keeps control characters from the terminal', () => {
    const profiles = { classic: 'https://ca.example/classic', 'short\u001blived': 'six days' };
    assert.deepEqual(parseDirectory({ ...DIRECTORY, meta: { profiles } }, URL).profiles, [
      'classic',
      'short lived',
    ]);
    assert.equal(parseDirectory({ ...DIRECTORY, meta: {} }, URL).profiles, undefined);
  });

  it('reads the names that CAA records call the CA by', () => {
    const meta = { caaIdentities: ['ca.example', 7, 'ca\u001b.example'] };
    assert.deepEqual(parseDirectory({ ...DIRECTORY, meta }, URL).caaIdentities, [
      'ca.example',
      'ca .example',
    ]);
    assert.equal(parseDirectory({ ...DIRECTORY, meta: {} }, URL).caaIdentities, undefined);
  });

  it('reads what standing values are made of, and takes nothing that cannot stand in one', () => {
    const meta = { issuerDomainNames: ['ca.example'], accountHashPrefix: 'https://ca.example/hash/' };
    const { issuerDomainNames, accountHashPrefix } = parseDirectory({ ...DIRECTORY, meta }, URL);
    assert.deepEqual({ issuerDomainNames, accountHashPrefix }, meta);
    for (const bad of [
      { issuerDomainNames: ['CA.example'], accountHashPrefix: 'https://ca.example/;policy=' },
      { issuerDomainNames: [], accountHashPrefix: 'http://ca.example/' },
      { issuerDomainNames: 'ca.example', accountHashPrefix: 'https://ca.example/ x' },
    ])
      assert.deepEqual(parseDirectory({ ...DIRECTORY, meta: bad }, URL), parseDirectory(DIRECTORY, URL));
  });

  it('reads where renewal information is', () => {
    const renewalInfo = 'https://ca.example/renewal-info';
    assert.equal(parseDirectory({ ...DIRECTORY, renewalInfo }, URL).renewalInfo, renewalInfo);
    assert.match(
      ourError(() => parseDirectory({ ...DIRECTORY, renewalInfo: 7 }, URL)).message,
      /renewalInfo/,
    );
  });

  it('does without meta', () => {
    assert.deepEqual(parseDirectory(DIRECTORY, URL), { ...DIRECTORY, externalAccountRequired: false });
  });

  it('refuses what is no directory, and names the field', () => {
    assert.match(ourError(() => parseDirectory(undefined, URL)).message, /https:\/\/ca\.example\/dir/);
    assert.match(ourError(() => parseDirectory({ ...DIRECTORY, newOrder: 7 }, URL)).message, /"newOrder"/);
  });
});
