import { createPublicKey, verify } from 'node:crypto';
import { canonicalJson, isTooDeep } from '../matrix/canonical-json.ts';

/** What `/_matrix/key/v2/server` says (server-server API § "Retrieving server keys"), proven as far as it can be. */
export type ServerKeys =
  | { readonly kind: 'not-json'; readonly why: string }
  | {
      readonly kind: 'keys';
      readonly serverName: string | null;
      readonly validUntil: Date | null;
      readonly ed25519: readonly VerifyKey[];
      readonly document: Readonly<Record<string, unknown>>;
    };

export interface VerifyKey {
  /** `ed25519:auto` */
  readonly id: string;
  /** Unpadded base64, as it stands there. */
  readonly key: string;
  /** 32 octets in base64. */
  readonly wellFormed: boolean;
  /** The document carries a good signature by this key under its own server_name. */
  readonly signed: boolean;
}

const LAST_DATE_MS = 8.64e15;
const KEY_OCTETS = 32;
const SIGNATURE_OCTETS = 64;

export function parseServerKeys(body: string): ServerKeys {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch (error) {
    return { kind: 'not-json', why: error instanceof Error ? error.message : 'it is no JSON' };
  }
  if (!isMapping(document)) return { kind: 'not-json', why: 'it is JSON, and no object' };
  if (isTooDeep(document))
    return { kind: 'not-json', why: 'it is nested deeper than anything that is meant' };
  const { server_name: serverName, valid_until_ts: validUntil, verify_keys: verifyKeys } = document;
  const name = typeof serverName === 'string' ? serverName : null;
  const signatures = mapping(mapping(document['signatures'])[name ?? '']);
  const { signatures: _signatures, unsigned: _unsigned, ...signed } = document;
  const message = canonicalJson(signed);
  return {
    kind: 'keys',
    serverName: name,
    validUntil: typeof validUntil === 'number' ? dateOf(validUntil) : null,
    ed25519: Object.entries(mapping(verifyKeys))
      .filter(([id]) => id.startsWith('ed25519:'))
      .map(([id, value]) => {
        const key = text(mapping(value)['key']);
        const raw = octets(key);
        const wellFormed = raw.length === KEY_OCTETS;
        const signature = octets(text(signatures[id]));
        return { id, key, wellFormed, signed: wellFormed && isSigned(message, raw, signature) };
      }),
    document,
  };
}

/** What lies beyond the dates that JavaScript has is as far away as they go. */
function dateOf(ms: number): Date {
  return new Date(Math.min(Math.max(ms, -LAST_DATE_MS), LAST_DATE_MS));
}

function isSigned(message: string | null, key: Buffer, signature: Buffer): boolean {
  if (message === null || signature.length !== SIGNATURE_OCTETS) return false;
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') },
    format: 'jwk',
  });
  return verify(null, Buffer.from(message, 'utf8'), publicKey, signature);
}

function octets(base64: string): Buffer {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64') : Buffer.alloc(0);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : {};
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
