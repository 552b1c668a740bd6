import { type KeyObject, createHmac, timingSafeEqual } from 'node:crypto';
import type { DomainName } from '../../src/provider.ts';
import {
  CLASS,
  TYPE,
  encodeName,
  encodeRecord,
  recordOffsets,
  skipName,
  uint16,
  uint32,
  uint48,
} from './wire.ts';

export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

export interface TsigKey {
  readonly name: DomainName;
  readonly algorithm: TsigAlgorithm;
  /** A key object prints as nothing, wherever it ends up. */
  readonly secret: KeyObject;
}

/** RFC 8945 §3 */
export const TSIG_ERROR = { BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

/** What the signature of a reply tells. Times are seconds since 1970. */
export type TsigVerdict =
  | { readonly kind: 'verified' }
  | { readonly kind: 'unsigned' }
  /** The server did not accept our signature; `serverTime` only where it is vouched for. */
  | { readonly kind: 'error'; readonly error: number; readonly serverTime: number | null }
  | { readonly kind: 'skewed'; readonly serverTime: number }
  | { readonly kind: 'forged' };

/** Seconds that the two clocks may differ (RFC 8945 §10). */
const FUDGE = 300;
const DIGEST = { 'hmac-sha256': 'sha256', 'hmac-sha384': 'sha384', 'hmac-sha512': 'sha512' } as const;

/** Appends a TSIG record (RFC 8945 §5.1). `time` is seconds since 1970. */
export function signMessage(message: Buffer, key: TsigKey, time: number): { signed: Buffer; mac: Buffer } {
  const fields: TsigFields = { time, fudge: FUDGE, error: 0, other: Buffer.alloc(0) };
  const mac = digest(key, [message, variables(key, fields)]);
  const record = encodeRecord({
    name: key.name,
    type: TYPE.TSIG,
    class: CLASS.ANY,
    ttl: 0,
    rdata: Buffer.concat([
      encodeName(key.algorithm),
      uint48(time),
      uint16(FUDGE),
      uint16(mac.length),
      mac,
      message.subarray(0, 2),
      uint16(0),
      uint16(0),
    ]),
  });
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { signed, mac };
}

/** Checks the reply to a message that was signed with `requestMac` (RFC 8945 §5.3, §5.4). */
export function verifyReply(reply: Buffer, key: TsigKey, requestMac: Buffer, now: number): TsigVerdict {
  const tsig = readTsig(reply);
  if (tsig === 'malformed') return { kind: 'forged' };
  if (tsig === null) return { kind: 'unsigned' };
  // A server that does not know the key, or that could not check our signature, has nothing to sign with (§5.2).
  if (tsig.mac.length === 0 && (tsig.error === TSIG_ERROR.BADKEY || tsig.error === TSIG_ERROR.BADSIG))
    return { kind: 'error', error: tsig.error, serverTime: null };
  const expected = digest(key, [
    uint16(requestMac.length),
    requestMac,
    withoutTsig(reply, tsig),
    variables(key, tsig),
  ]);
  const same = tsig.mac.length === expected.length && timingSafeEqual(tsig.mac, expected);
  if (!same || tsig.name !== key.name || tsig.algorithm !== `${key.algorithm}.`) return { kind: 'forged' };
  if (tsig.error !== 0) return { kind: 'error', error: tsig.error, serverTime: otherTime(tsig) };
  if (Math.abs(now - tsig.time) > tsig.fudge) return { kind: 'skewed', serverTime: tsig.time };
  return { kind: 'verified' };
}

interface TsigFields {
  readonly time: number;
  readonly fudge: number;
  readonly error: number;
  readonly other: Buffer;
}

interface Tsig extends TsigFields {
  readonly offset: number;
  readonly name: string;
  readonly algorithm: string;
  readonly mac: Buffer;
  readonly originalId: number;
}

function readTsig(message: Buffer): Tsig | 'malformed' | null {
  try {
    if (message.readUInt16BE(10) === 0) return null;
    const [offset, end] = recordOffsets(message).slice(-2);
    if (offset === undefined || end === undefined) return null;
    const fixed = skipName(message, offset);
    if (message.readUInt16BE(fixed) !== TYPE.TSIG) return null;
    const algorithm = fixed + 10;
    const at = skipName(message, algorithm);
    const after = at + 10 + message.readUInt16BE(at + 8);
    const exact = end === message.length && end === after + 6 + message.readUInt16BE(after + 4);
    const fits = message.readUInt16BE(fixed + 2) === CLASS.ANY && message.readUInt32BE(fixed + 4) === 0;
    if (!exact || !fits) return 'malformed';
    return {
      offset,
      name: readName(message, offset),
      algorithm: readName(message, algorithm),
      time: message.readUIntBE(at, 6),
      fudge: message.readUInt16BE(at + 6),
      mac: message.subarray(at + 10, after),
      originalId: message.readUInt16BE(after),
      error: message.readUInt16BE(after + 2),
      other: message.subarray(after + 6, end),
    };
  } catch (error) {
    if (error instanceof RangeError) return 'malformed';
    throw error;
  }
}

/** Follows compression pointers, backwards only. */
function readName(message: Buffer, start: number): string {
  let name = '';
  let limit = start;
  for (let at = start; ;) {
    const length = message.readUInt8(at);
    if (length === 0) return name === '' ? '.' : name.toLowerCase();
    if (length >= 0xc0) {
      at = message.readUInt16BE(at) & 0x3fff;
      if (at >= limit) throw new RangeError('bad pointer');
      limit = at;
      continue;
    }
    name += `${message.toString('utf8', at + 1, at + 1 + length)}.`;
    at += length + 1;
  }
}

/** The message as it was before the TSIG record was appended (RFC 8945 §4.3.2). */
function withoutTsig(message: Buffer, tsig: Tsig): Buffer {
  const bare = Buffer.from(message.subarray(0, tsig.offset));
  bare.writeUInt16BE(tsig.originalId, 0);
  bare.writeUInt16BE(message.readUInt16BE(10) - 1, 10);
  return bare;
}

/** RFC 8945 §4.3.3 */
function variables(key: TsigKey, fields: TsigFields): Buffer {
  return Buffer.concat([
    encodeName(key.name),
    uint16(CLASS.ANY),
    uint32(0),
    encodeName(key.algorithm),
    uint48(fields.time),
    uint16(fields.fudge),
    uint16(fields.error),
    uint16(fields.other.length),
    fields.other,
  ]);
}

/** BADTIME carries the server's clock (RFC 8945 §5.2.3). */
function otherTime(tsig: Tsig): number | null {
  return tsig.error === TSIG_ERROR.BADTIME && tsig.other.length === 6 ? tsig.other.readUIntBE(0, 6) : null;
}

function digest(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(DIGEST[key.algorithm], key.secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
