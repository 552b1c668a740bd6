import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { createKeyMaker } from '../../src/io/key-maker.ts';
import { makeLabChain } from '../support/lab-chain.ts';

describe('createKeyMaker', () => {
  const keys = createKeyMaker();

  it('makes keys of every type as PKCS#8', async () => {
    const expected = [
      ['ec256', { namedCurve: 'prime256v1' }],
      ['ec384', { namedCurve: 'secp384r1' }],
      ['rsa2048', { modulusLength: 2048, publicExponent: 65537n }],
    ] as const;
    for (const [type, details] of expected) {
      const pem = await keys.privateKey(type);
      assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n/);
      assert.deepEqual(createPrivateKey(pem).asymmetricKeyDetails, details);
    }
  });

  it('never makes the same key twice', async () => {
    assert.notEqual(await keys.privateKey('ec256'), await keys.privateKey('ec256'));
  });

  it('reads the leaf of a chain and compares it with what was ordered', async () => {
    const { leaf, intermediate, privateKey } = await makeLabChain(['example.org']);
    const material = { privateKey, cert: leaf, chain: intermediate, fullchain: leaf + intermediate };
    assert.deepEqual(keys.facts(material.fullchain).names, ['example.org.']);
    assert.equal(keys.mismatch(material, [parseDomainName('EXAMPLE.org')], new Date()), null);
    assert.match(keys.mismatch(material, [parseDomainName('example.net')], new Date()) ?? '', /lacks/);
  });
});
