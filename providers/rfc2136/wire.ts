/** Type and class numbers (RFC 1035 §3.2, RFC 2136 §2, RFC 8945 §4.2). */
export const TYPE = { CNAME: 5, SOA: 6, TXT: 16, SRV: 33, TSIG: 250, ANY: 255 } as const;
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;

/** One resource record, ready to be written. `rdata` may be empty, which dns-packet cannot write for a known type. */
export interface WireRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  readonly rdata: Buffer;
}

const MAX_LABEL_OCTETS = 63;

/** A name in wire form, uncompressed (RFC 1035 §3.1). Octets are UTF-8, as dns-packet reads them. */
export function encodeName(name: string): Buffer {
  const parts: Buffer[] = [];
  for (const label of name.split('.')) {
    if (label === '') continue;
    const octets = Buffer.from(label);
    if (octets.length > MAX_LABEL_OCTETS) throw new RangeError('label too long');
    parts.push(Buffer.of(octets.length), octets);
  }
  return Buffer.concat([...parts, Buffer.of(0)]);
}

export function encodeRecord(record: WireRecord): Buffer {
  return Buffer.concat([
    encodeName(record.name),
    uint16(record.type),
    uint16(record.class),
    uint32(record.ttl),
    uint16(record.rdata.length),
    record.rdata,
  ]);
}

/** Where each record of a message begins; the offset after the last one is the end. @throws RangeError */
export function recordOffsets(message: Buffer): number[] {
  let at = 12;
  for (let left = message.readUInt16BE(4); left > 0; left -= 1) at = skipName(message, at) + 4;
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  const offsets = [at];
  for (let left = records; left > 0; left -= 1) {
    const fixed = skipName(message, at);
    at = fixed + 10 + message.readUInt16BE(fixed + 8);
    offsets.push(at);
  }
  if (at > message.length) throw new RangeError('the message ends within a record');
  return offsets;
}

/** The offset after the name at `at`. */
export function skipName(message: Buffer, at: number): number {
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > MAX_LABEL_OCTETS) throw new RangeError('bad label');
    at += length + 1;
  }
}

export function uint16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

export function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

export function uint48(value: number): Buffer {
  const buffer = Buffer.alloc(6);
  buffer.writeUIntBE(value, 0, 6);
  return buffer;
}
