import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { parseServerKeys } from '../../src/federation/server-keys.ts';

const PAIR = generateKeyPairSync('ed25519');
const PUBLIC = base64(Buffer.from(PAIR.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'));
const NAME = 'example.org';

function base64(octets: Buffer): string {
  return octets.toString('base64').replace(/=+$/, '');
}

/** Signed over this text, which is canonical as it stands. */
const TEXT = `{"server_name":"${NAME}","valid_until_ts":4102444800000,"verify_keys":{"ed25519:a":{"key":"${PUBLIC}"}}}`;
const SIGNATURE = base64(sign(null, Buffer.from(TEXT), PAIR.privateKey));

function document(more: Readonly<Record<string, unknown>> = {}): string {
  const signatures = { [NAME]: { 'ed25519:a': SIGNATURE } };
  return JSON.stringify({ ...JSON.parse(TEXT), signatures, ...more }, null, 2);
}

function keysOf(body: string): readonly { readonly wellFormed: boolean; readonly signed: boolean }[] {
  const keys = parseServerKeys(body);
  assert.ok(keys.kind === 'keys');
  return keys.ed25519.map(({ wellFormed, signed }) => ({ wellFormed, signed }));
}

describe('the keys of a server', () => {
  it('are proven by their own signature, spaces and order and "unsigned" aside', () => {
    const keys = parseServerKeys(document({ unsigned: { age: 1 } }));
    assert.ok(keys.kind === 'keys');
    assert.deepEqual([keys.serverName, keys.validUntil?.toISOString()], [NAME, '2100-01-01T00:00:00.000Z']);
    assert.deepEqual(keys.ed25519, [{ id: 'ed25519:a', key: PUBLIC, wellFormed: true, signed: true }]);
  });

  it('are not proven when anything was changed', () => {
    const changed: readonly Readonly<Record<string, unknown>>[] = [
      { added: 1 },
      { fraction: 0.5 },
      { valid_until_ts: 1 },
      { server_name: 'other.org' },
      { signatures: {} },
      { signatures: { [NAME]: { 'ed25519:b': SIGNATURE } } },
      { signatures: { [NAME]: { 'ed25519:a': SIGNATURE.slice(4) } } },
      { signatures: { [NAME]: { 'ed25519:a': 5 } } },
      { signatures: null },
    ];
    for (const change of changed)
      assert.deepEqual(
        keysOf(document(change)),
        [{ wellFormed: true, signed: false }],
        JSON.stringify(change),
      );
  });

  it('are malformed when they are not 32 octets of base64, and other algorithms do not count', () => {
    const keys = {
      'ed25519:a': { key: 'AAAA' },
      'ed25519:b': {},
      'ed25519:c': { key: '?' },
      'rsa:d': { key: PUBLIC },
    };
    const malformed = { wellFormed: false, signed: false };
    assert.deepEqual(keysOf(document({ verify_keys: keys })), [malformed, malformed, malformed]);
    assert.deepEqual(keysOf(document({ verify_keys: [] })), []);
  });

  it('never end the program, whatever a stranger sends', () => {
    const deep = '['.repeat(30_000) + ']'.repeat(30_000);
    assert.equal(parseServerKeys(`{"deep": ${deep}}`).kind, 'not-json');
    const far = parseServerKeys(document({ valid_until_ts: 1e300 }));
    assert.ok(far.kind === 'keys' && far.validUntil !== null);
    assert.equal(far.validUntil.toISOString(), '+275760-09-13T00:00:00.000Z');
    const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const anySignature = fc.uint8Array({ minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(anyKey, anySignature, fc.json(), (key, signature, more) => {
        const body = document({
          more: JSON.parse(more),
          verify_keys: { 'ed25519:a': { key: base64(Buffer.from(key)) } },
          signatures: { [NAME]: { 'ed25519:a': base64(Buffer.from(signature)) } },
        });
        assert.deepEqual(keysOf(body), [{ wellFormed: true, signed: false }]);
      }),
    );
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => void parseServerKeys(body)));
  });

  it('are no keys when it is no JSON object', () => {
    for (const body of ['', '<html>', '[]', 'null', '5'])
      assert.equal(parseServerKeys(body).kind, 'not-json');
  });
});
