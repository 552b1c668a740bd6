/** Just enough DER (X.690) for what node:crypto does not tell of a certificate that it has parsed. */
export interface Element {
  readonly tag: number;
  /** Of the content. */
  readonly start: number;
  readonly end: number;
}

export function element(der: Uint8Array, at: number): Element {
  const [tag = 0, length = 0] = der.subarray(at, at + 2);
  // X.690 §8.1.3: a length below 128 stands for itself, else for the number of octets that hold it.
  const octets = length < 0x80 ? 0 : length & 0x7f;
  const start = at + 2 + octets;
  const size =
    octets === 0 ? length : der.subarray(at + 2, start).reduce((sum, octet) => sum * 256 + octet, 0);
  return { tag, start, end: start + size };
}

/** What stands side by side in a constructed element. */
export function childrenOf(der: Uint8Array, { start, end }: Element): readonly Element[] {
  const children: Element[] = [];
  for (let at = start; at < end;) {
    const child = element(der, at);
    children.push(child);
    at = child.end;
  }
  return children;
}

/** The fields of a tbsCertificate (RFC 5280 §4.1). */
export function certificateFields(der: Uint8Array): readonly Element[] {
  const certificate = element(der, 0);
  return childrenOf(der, element(der, certificate.start));
}
