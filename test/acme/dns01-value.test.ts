import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { dns01Value, jwkThumbprint } from '../../src/acme/dns01-value.ts';

/** RFC 7638 §3.1. */
const JWK = {
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  kty: 'RSA',
  e: 'AQAB',
};
const THUMBPRINT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

describe('dns01Value', () => {
  it('has the thumbprint of the example of RFC 7638, whatever the order of the members', () => {
    assert.equal(jwkThumbprint(JWK), THUMBPRINT);
    assert.equal(jwkThumbprint({ e: JWK.e, kty: JWK.kty, n: JWK.n }), THUMBPRINT);
  });

  it('is the digest of token, dot and thumbprint in 43 characters of base64url', () => {
    const value = dns01Value('evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA', JWK);
    const text = `evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.${THUMBPRINT}`;
    assert.equal(value, createHash('sha256').update(text).digest('base64url'));
    assert.match(value, /^[\w-]{43}$/);
  });
});
