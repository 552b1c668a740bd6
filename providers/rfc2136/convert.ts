import type { Answer, SrvAnswer, TxtAnswer } from 'dns-packet';
import * as z from 'zod';
import { wireDomainName } from '../../src/dns/domain-name.ts';
import { characterStrings, srvText } from '../../src/dns/rrset.ts';
import type { Change, RRset, RRsetKey, SrvData, SrvRRset, TxtRRset } from '../../src/provider.ts';
import { type Update, addRecord, deleteRRset, deleteRecord, recordExpected, rrsetAbsent } from './update.ts';
import { TYPE, type WireRecord, encodeName, uint16 } from './wire.ts';

/** Changes as the prerequisites and updates of one message. */
export function changesToUpdate(changes: readonly Change[]): Omit<Update, 'zone'> {
  const prerequisites: WireRecord[] = [];
  const updates: WireRecord[] = [];
  // A server drops an addition beside a CNAME without a word (RFC 2136 §3.4.2.2), so its absence is demanded.
  const creating = new Set<string>();
  for (const change of changes) {
    const key = wireKey(change.op === 'put' || change.op === 'delete' ? change.rrset : change);
    switch (change.op) {
      case 'put':
        if (change.expect === 'absent') {
          prerequisites.push(rrsetAbsent(key));
          creating.add(key.name);
        } else {
          prerequisites.push(...storedRdata(change.expect).map((rdata) => recordExpected(key, rdata)));
          updates.push(deleteRRset(key));
        }
        updates.push(...ownRdata(change.rrset).map((rdata) => addRecord(key, change.rrset.ttl, rdata)));
        break;
      case 'delete':
        prerequisites.push(...storedRdata(change.rrset).map((rdata) => recordExpected(key, rdata)));
        updates.push(deleteRRset(key));
        break;
      case 'add':
        creating.add(key.name);
        updates.push(...change.values.map((value) => addRecord(key, change.ttl, txtRdata(value))));
        break;
      case 'remove':
        updates.push(...change.values.map((value) => deleteRecord(key, txtRdata(value))));
        break;
    }
  }
  for (const name of creating) prerequisites.push(rrsetAbsent({ name, type: TYPE.CNAME }));
  return { prerequisites, updates };
}

/** An RRset by the numbers. */
export type WireKey = Pick<WireRecord, 'name' | 'type'>;

export function wireKey(key: RRsetKey): WireKey {
  return { name: key.name, type: TYPE[key.type] };
}

/** The records of the key among the answers as an RRset; null when there are none. */
export function answersToRRset(key: RRsetKey, answers: readonly Answer[]): RRset | null {
  return key.type === 'SRV' ? srvRRset(key, answers) : txtRRset(key, answers);
}

function srvRRset(key: RRsetKey, answers: readonly Answer[]): SrvRRset | null {
  const records = answers.filter((answer): answer is SrvAnswer => answer.type === 'SRV' && owns(key, answer));
  if (records.length === 0) return null;
  const values = new Map<string, SrvData>();
  const stored: Buffer[] = [];
  for (const { data } of records) {
    const { priority = 0, weight = 0, port } = data;
    const value = { priority, weight, port, target: wireDomainName(data.target) };
    values.set(srvText(value), value);
    stored.push(srvRdata({ ...value, target: data.target }));
  }
  const rrset: SrvRRset = {
    name: key.name,
    type: 'SRV',
    ttl: leastTtl(records),
    values: [...values.values()],
  };
  return { ...rrset, ...versionOf(stored, ownRdata(rrset)) };
}

function txtRRset(key: RRsetKey, answers: readonly Answer[]): TxtRRset | null {
  const records = answers.filter((answer): answer is TxtAnswer => answer.type === 'TXT' && owns(key, answer));
  if (records.length === 0) return null;
  const values = new Set<string>();
  const stored: Buffer[] = [];
  for (const { data } of records) {
    const parts = (Array.isArray(data) ? data : [data]).map((part) => Buffer.from(part));
    values.add(Buffer.concat(parts).toString('latin1'));
    stored.push(stringsRdata(parts));
  }
  const rrset: TxtRRset = { name: key.name, type: 'TXT', ttl: leastTtl(records), values: [...values] };
  return { ...rrset, ...versionOf(stored, ownRdata(rrset)) };
}

function owns(key: RRsetKey, answer: Answer): boolean {
  return wireDomainName(answer.name) === key.name;
}

function leastTtl(records: readonly { readonly ttl?: number | undefined }[]): number {
  return Math.min(...records.map((record) => record.ttl ?? 0));
}

/** RDATA in hex. */
const Version = z.array(z.string().regex(/^(?:[0-9a-f]{2})+$/));

/**
 * What is stored, where it is not what we would write for the same values: other people cut TXT values elsewhere and
 * write targets in upper case, and a prerequisite is compared octet by octet.
 */
function versionOf(stored: readonly Buffer[], own: readonly Buffer[]): { version?: string[] } {
  const [a, b] = [stored, own].map((list) => list.map((rdata) => rdata.toString('hex')).sort());
  return a === undefined || a.join() === b?.join() ? {} : { version: a };
}

function storedRdata(rrset: RRset): Buffer[] {
  const version = Version.safeParse(rrset.version);
  return version.success ? version.data.map((hex) => Buffer.from(hex, 'hex')) : ownRdata(rrset);
}

function ownRdata(rrset: RRset): Buffer[] {
  return rrset.type === 'SRV' ? rrset.values.map(srvRdata) : rrset.values.map(txtRdata);
}

/** RFC 2782. The target is never compressed. */
function srvRdata(data: Omit<SrvData, 'target'> & { readonly target: string }): Buffer {
  return Buffer.concat([...[data.priority, data.weight, data.port].map(uint16), encodeName(data.target)]);
}

function txtRdata(value: string): Buffer {
  return stringsRdata(characterStrings(value).map((part) => Buffer.from(part, 'latin1')));
}

/** RFC 1035 §3.3.14 */
function stringsRdata(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [Buffer.of(part.length), part]));
}
