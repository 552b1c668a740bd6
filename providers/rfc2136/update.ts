import type { DomainName } from '../../src/provider.ts';
import { CLASS, TYPE, type WireRecord, encodeName, encodeRecord, uint16 } from './wire.ts';

/** A DNS UPDATE (RFC 2136): all of it happens or none of it. */
export interface Update {
  readonly zone: DomainName;
  /** RFC 2136 §2.4. */
  readonly prerequisites: readonly WireRecord[];
  /** RFC 2136 §2.5. */
  readonly updates: readonly WireRecord[];
}

const OPCODE_UPDATE = 5 << 11;

export function encodeUpdate(id: number, update: Update): Buffer {
  const header = [id, OPCODE_UPDATE, 1, update.prerequisites.length, update.updates.length, 0];
  return Buffer.concat([
    ...header.map(uint16),
    encodeName(update.zone),
    uint16(TYPE.SOA),
    uint16(CLASS.IN),
    ...update.prerequisites.map(encodeRecord),
    ...update.updates.map(encodeRecord),
  ]);
}

type RRsetName = Pick<WireRecord, 'name' | 'type'>;
const NOTHING = Buffer.alloc(0);

/** RFC 2136 §2.4.1 */
export function rrsetExists({ name, type }: RRsetName): WireRecord {
  return { name, type, class: CLASS.ANY, ttl: 0, rdata: NOTHING };
}

/** RFC 2136 §2.4.3 */
export function rrsetAbsent({ name, type }: RRsetName): WireRecord {
  return { name, type, class: CLASS.NONE, ttl: 0, rdata: NOTHING };
}

/** One record of "the RRset is exactly this" (RFC 2136 §2.4.2); TTLs are not compared. */
export function recordExpected({ name, type }: RRsetName, rdata: Buffer): WireRecord {
  return { name, type, class: CLASS.IN, ttl: 0, rdata };
}

/** RFC 2136 §2.5.1 */
export function addRecord({ name, type }: RRsetName, ttl: number, rdata: Buffer): WireRecord {
  return { name, type, class: CLASS.IN, ttl, rdata };
}

/** RFC 2136 §2.5.2 */
export function deleteRRset({ name, type }: RRsetName): WireRecord {
  return { name, type, class: CLASS.ANY, ttl: 0, rdata: NOTHING };
}

/** RFC 2136 §2.5.4 */
export function deleteRecord({ name, type }: RRsetName, rdata: Buffer): WireRecord {
  return { name, type, class: CLASS.NONE, ttl: 0, rdata };
}
