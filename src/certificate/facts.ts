import type { DomainName } from '../dns/domain-name.ts';
import type { KeyType } from './key-type.ts';

/** What a certificate says of itself (RFC 5280). */
export interface CertificateFacts {
  /** The dNSName entries of subjectAltName, in the certificate's order. */
  readonly names: readonly DomainName[];
  /** Upper-case hex of the serial's content octets, with the leading zero octet where DER has one. */
  readonly serial: string;
  /** Upper-case hex of the key identifier of the key that signed it; null where the certificate does not say. */
  readonly authorityKeyId: string | null;
  /** SHA-256 of the leaf's DER, lower-case hex. */
  readonly sha256: string;
  /** Common name of the issuer, or its whole name where there is none. */
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Null for a key type that we never order. */
  readonly keyType: KeyType | null;
}
