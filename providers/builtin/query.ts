import { type DomainName, wireDomainName } from '../../src/dns/domain-name.ts';

export interface Query {
  readonly id: number;
  readonly opcode: number;
  /** RD and CD, which an answer repeats. */
  readonly echoedFlags: number;
  /** Null: there is none that can be echoed. */
  readonly question: Question | null;
  /** Null: the client does not speak EDNS. */
  readonly edns: Edns | null;
  /** The rest of the message makes no sense. */
  readonly malformed: boolean;
}

export interface Question {
  /** As they came, for the echo: resolvers check the case of the name too (0x20). */
  readonly octets: Buffer;
  readonly name: DomainName;
  readonly type: number;
  readonly class: number;
}

export interface Edns {
  /** Octets that the client takes over UDP, 512 at least (RFC 6891 §6.2.5). */
  readonly udpPayload: number;
  readonly version: number;
  readonly dnssecOk: boolean;
}

const HEADER_OCTETS = 12;
const QR = 0x8000;
const RD_CD = 0x0110;
const POINTER = 0xc0;
const MAX_NAME_OCTETS = 255;
const OPT = 41;
const MIN_PAYLOAD = 512;
const DNSSEC_OK = 0x8000;

class Malformed extends Error {}

/**
 * Reads a query; null for what gets no answer: no header, no question, or an answer itself (two servers that answer
 * answers never stop). dns-packet would do but for the echo: it reads labels as UTF-8 and loses what is none.
 */
export function readQuery(octets: Buffer): Query | null {
  if (octets.length < HEADER_OCTETS) return null;
  const flags = octets.readUInt16BE(2);
  if ((flags & QR) !== 0) return null;
  const header = {
    id: octets.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    echoedFlags: flags & RD_CD,
  };
  try {
    if (octets.readUInt16BE(4) !== 1) return { ...header, question: null, edns: null, malformed: true };
    const question = readQuestion(octets);
    return { ...header, question, ...readRest(octets, HEADER_OCTETS + question.octets.length) };
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError) return null;
    throw error;
  }
}

function readQuestion(octets: Buffer): Question {
  const labels: string[] = [];
  let at = HEADER_OCTETS;
  for (let length = octets.readUInt8(at); length !== 0; length = octets.readUInt8(at)) {
    // A pointer has nothing to point to in front of the first name.
    if ((length & POINTER) !== 0 || at + 1 + length > octets.length) throw new Malformed();
    labels.push(labelText(octets.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
    if (at - HEADER_OCTETS >= MAX_NAME_OCTETS) throw new Malformed();
  }
  return {
    name: wireDomainName(labels.join('.')),
    type: octets.readUInt16BE(at + 1),
    class: octets.readUInt16BE(at + 3),
    octets: octets.subarray(HEADER_OCTETS, at + 5),
  };
}

/** A dot within a label is escaped, so that no such name is taken for one with another label. */
function labelText(label: Buffer): string {
  return label.toString('latin1').replaceAll(/[.\\]/g, (char) => `\\${char.charCodeAt(0)}`);
}

function readRest(
  octets: Buffer,
  start: number,
): { readonly edns: Edns | null; readonly malformed: boolean } {
  let edns: Edns | null = null;
  try {
    let at = start;
    const records = octets.readUInt16BE(6) + octets.readUInt16BE(8) + octets.readUInt16BE(10);
    for (let count = 0; count < records; count += 1) {
      const record = afterName(octets, at);
      const end = record + 10 + octets.readUInt16BE(record + 8);
      if (end > octets.length) throw new Malformed();
      if (octets.readUInt16BE(record) === OPT) {
        // One at most, and at the root (RFC 6891 §6.1.1).
        if (edns !== null || record !== at + 1) throw new Malformed();
        edns = readEdns(octets, record);
      }
      at = end;
    }
    return { edns, malformed: false };
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError) return { edns, malformed: true };
    throw error;
  }
}

function readEdns(octets: Buffer, record: number): Edns {
  return {
    udpPayload: Math.max(MIN_PAYLOAD, octets.readUInt16BE(record + 2)),
    version: octets.readUInt8(record + 5),
    dnssecOk: (octets.readUInt16BE(record + 6) & DNSSEC_OK) !== 0,
  };
}

function afterName(octets: Buffer, start: number): number {
  let at = start;
  for (let length = octets.readUInt8(at); length !== 0; length = octets.readUInt8(at)) {
    if ((length & POINTER) === POINTER) return at + 2;
    if ((length & POINTER) !== 0) throw new Malformed();
    at += 1 + length;
  }
  return at + 1;
}
