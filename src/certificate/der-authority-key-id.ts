import { certificateFields, childrenOf, element } from './der.ts';

/**
 * The keyIdentifier of the authorityKeyIdentifier extension (RFC 5280 §4.2.1.1); null where there is none. node:crypto
 * has no accessor for it.
 * @param der a certificate that node:crypto has parsed
 */
export function derAuthorityKeyId(der: Uint8Array): Uint8Array | null {
  const explicit = certificateFields(der).find(({ tag }) => tag === EXTENSIONS);
  if (explicit === undefined) return null;
  for (const extension of childrenOf(der, element(der, explicit.start))) {
    const [id, ...rest] = childrenOf(der, extension);
    const value = rest.at(-1);
    if (id === undefined || value === undefined) continue;
    if (Buffer.compare(der.subarray(id.start, id.end), AUTHORITY_KEY_IDENTIFIER) !== 0) continue;
    const fields = childrenOf(der, element(der, value.start));
    const keyId = fields.find(({ tag }) => tag === KEY_IDENTIFIER);
    return keyId === undefined ? null : der.subarray(keyId.start, keyId.end);
  }
  return null;
}

const EXTENSIONS = 0xa3;
const KEY_IDENTIFIER = 0x80;
/** 2.5.29.35 */
const AUTHORITY_KEY_IDENTIFIER = Uint8Array.of(0x55, 0x1d, 0x23);
