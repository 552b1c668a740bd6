/**
 * The content octets of a certificate's serial number (RFC 5280 §4.1.2.2). OpenSSL, and with it node:crypto, prints
 * the number and so drops the leading zero octet that DER puts before a high bit; identifiers that are made of the
 * serial (RFC 9773 §4.1) need the octets.
 * @param der a certificate that node:crypto has parsed
 */
export function derSerial(der: Uint8Array): Uint8Array {
  const certificate = element(der, 0);
  const tbs = element(der, certificate.start);
  const first = element(der, tbs.start);
  const serial = first.tag === EXPLICIT_VERSION ? element(der, first.end) : first;
  return der.subarray(serial.start, serial.end);
}

const EXPLICIT_VERSION = 0xa0;

interface Element {
  readonly tag: number;
  /** Of the content. */
  readonly start: number;
  readonly end: number;
}

function element(der: Uint8Array, at: number): Element {
  const [tag = 0, length = 0] = der.subarray(at, at + 2);
  // X.690 §8.1.3: a length below 128 stands for itself, else for the number of octets that hold it.
  const octets = length < 0x80 ? 0 : length & 0x7f;
  const start = at + 2 + octets;
  const size =
    octets === 0 ? length : der.subarray(at + 2, start).reduce((sum, octet) => sum * 256 + octet, 0);
  return { tag, start, end: start + size };
}
