import { createHash } from 'node:crypto';

/** The members of a public key that RFC 7638 §3.2 hashes, and no other; what node:crypto exports is just that. */
export type PublicJwk = Readonly<Record<string, string>>;

/** What goes into the TXT record (RFC 8555 §8.4): the digest of the key authorization. */
export function dns01Value(token: string, jwk: PublicJwk): string {
  return createHash('sha256')
    .update(`${token}.${jwkThumbprint(jwk)}`)
    .digest('base64url');
}

/** RFC 7638: members in lexicographic order, no white space. */
export function jwkThumbprint(jwk: PublicJwk): string {
  const sorted = Object.entries(jwk).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(sorted)))
    .digest('base64url');
}
