import { certificateFields } from './der.ts';

/**
 * The content octets of a certificate's serial number (RFC 5280 §4.1.2.2). OpenSSL, and with it node:crypto, prints
 * the number and so drops the leading zero octet that DER puts before a high bit; identifiers that are made of the
 * serial (RFC 9773 §4.1) need the octets.
 * @param der a certificate that node:crypto has parsed
 */
export function derSerial(der: Uint8Array): Uint8Array {
  const [first, second] = certificateFields(der);
  const serial = first?.tag === EXPLICIT_VERSION ? second : first;
  return der.subarray(serial?.start, serial?.end);
}

const EXPLICIT_VERSION = 0xa0;
