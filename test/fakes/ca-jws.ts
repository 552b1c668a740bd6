import {
  type JsonWebKey,
  type KeyObject,
  createHash,
  createHmac,
  createPublicKey,
  verify,
} from 'node:crypto';

/** What a signed request says (RFC 8555 §6.2), once its signature is known to be good. */
export interface SignedRequest {
  /** Null where the account speaks under its URL. */
  readonly jwk: JsonWebKey | null;
  readonly kid: string | null;
  readonly nonce: string;
  readonly url: string;
  /** Null for POST-as-GET. */
  readonly payload: Readonly<Record<string, unknown>> | null;
  /** @returns whether that key has signed it */
  signedBy(key: KeyObject): boolean;
}

/** A refusal in the CA's words. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, detail: string) {
    super(detail);
    this.status = status;
    this.type = type;
  }
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  ES256: 'sha256',
  ES384: 'sha384',
  RS256: 'sha256',
};

/** Reads a flattened JWS (RFC 8555 §6.2). @throws Refusal `malformed`, `badSignatureAlgorithm` */
export function readJws(body: string): SignedRequest {
  const request = readSigned(objectIn(body));
  if (request.nonce === null) throw malformed('"nonce" is missing');
  return { ...request, nonce: request.nonce };
}

/** The inside of a key change, which has no nonce (RFC 8555 §7.3.5). @throws Refusal */
export function readInnerJws(jws: Readonly<Record<string, unknown>> | null): Omit<SignedRequest, 'nonce'> {
  const request = readSigned(jws ?? {});
  if (request.nonce !== null) throw malformed('a "nonce" has no place inside');
  return request;
}

function readSigned(
  jws: Readonly<Record<string, unknown>>,
): Omit<SignedRequest, 'nonce'> & { readonly nonce: string | null } {
  const [header, payload, signature] = ['protected', 'payload', 'signature'].map((field) => {
    const value = jws[field];
    if (typeof value !== 'string') throw malformed(`there is no "${field}"`);
    return value;
  });
  if (header === undefined || payload === undefined || signature === undefined || 'header' in jws)
    throw malformed('not a flattened JWS');
  const { alg, nonce, url, jwk, kid } = objectIn(Buffer.from(header, 'base64url').toString());
  const digest = typeof alg === 'string' ? ALGORITHMS[alg] : undefined;
  if (digest === undefined) throw new Refusal(400, 'badSignatureAlgorithm', `${String(alg)} is not taken`);
  if (typeof url !== 'string') throw malformed('"url" is missing');
  if ((jwk === undefined) === (kid === undefined))
    throw malformed('exactly one of "jwk" and "kid" is wanted');
  return {
    jwk: isRecord(jwk) ? jwk : null,
    kid: typeof kid === 'string' ? kid : null,
    nonce: typeof nonce === 'string' ? nonce : null,
    url,
    payload: payload === '' ? null : objectIn(Buffer.from(payload, 'base64url').toString()),
    signedBy: (key) =>
      verify(
        digest,
        Buffer.from(`${header}.${payload}`),
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
  };
}

/** @throws Refusal `badPublicKey` */
export function publicKey(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new Refusal(400, 'badPublicKey', 'that is no key');
  }
}

/** RFC 7638: the members that are required, in their order. */
export function thumbprint(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = key.export({ format: 'jwk' });
  const required = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}

/** RFC 8555 §7.3.4. @throws Refusal `unauthorized` */
export function checkBinding(value: unknown, hmacKey: string, key: KeyObject): void {
  const { protected: header, payload, signature } = isRecord(value) ? value : {};
  const expected = createHmac('sha256', Buffer.from(hmacKey, 'base64url'))
    .update(`${String(header)}.${String(payload)}`)
    .digest('base64url');
  const bound = objectIn(Buffer.from(String(payload), 'base64url').toString());
  if (signature !== expected || thumbprint(publicKey(bound)) !== thumbprint(key))
    throw new Refusal(403, 'unauthorized', 'the external account binding is not good');
}

export function malformed(detail: string): Refusal {
  return new Refusal(400, 'malformed', detail);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // It is said below.
  }
  throw malformed('not a JSON object');
}
