import {
  AUTHENTIC_DATA,
  CHECKING_DISABLED,
  type Answer,
  decode,
  encode,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { wireDomainName } from '../../dns/domain-name.ts';
import type { DnsQuestion, DnsRecord, DnsResponse } from '../../ports.ts';

/** A message that answers our question. */
export interface DecodedResponse {
  readonly response: DnsResponse;
  /** TC: what came over UDP is not all. */
  readonly truncated: boolean;
}

export interface QueryOptions {
  readonly id: number;
  /** Octets that we take over UDP (RFC 6891 §6.2.3); null: ask without EDNS. */
  readonly udpPayload: number | null;
}

// RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6891 §9.
const RCODES = new Map([
  [0, 'NOERROR'],
  [1, 'FORMERR'],
  [2, 'SERVFAIL'],
  [3, 'NXDOMAIN'],
  [4, 'NOTIMP'],
  [5, 'REFUSED'],
  [6, 'YXDOMAIN'],
  [7, 'YXRRSET'],
  [8, 'NXRRSET'],
  [9, 'NOTAUTH'],
  [10, 'NOTZONE'],
  [16, 'BADVERS'],
]);

// A server that does not get past the header of what it was sent has no question to echo.
const ANSWERED_WITHOUT_QUESTION = new Set(['FORMERR', 'NOTIMP', 'BADVERS']);

export function encodeQuery(question: DnsQuestion, options: QueryOptions): Buffer {
  return encode({
    type: 'query',
    id: options.id,
    // AD in a query asks a validating resolver to tell what it found without sending signatures (RFC 6840 §5.7).
    flags:
      (question.recurse ? RECURSION_DESIRED | AUTHENTIC_DATA : 0) |
      (question.unchecked === true ? CHECKING_DISABLED : 0),
    questions: [{ name: question.name, type: question.type, class: 'IN' }],
    additionals: options.udpPayload === null ? [] : [opt(options.udpPayload)],
  });
}

/** The response, or null when these octets do not answer this question: not ours, or malformed. */
export function decodeResponse(octets: Buffer, id: number, question: DnsQuestion): DecodedResponse | null {
  try {
    return read(octets, id, question);
  } catch {
    // The decoder throws RangeErrors and Errors alike on malformed input; they say nothing of use.
    return null;
  }
}

function read(octets: Buffer, id: number, question: DnsQuestion): DecodedResponse | null {
  const message = decode(withoutCutRecords(octets));
  if (message.id !== id || !message.flag_qr) return null;
  const rcode = rcodeName(message.flags ?? 0, message.additionals ?? []);
  const questions = message.questions ?? [];
  const echoed = questions.length === 1 && questions.every((echo) => echoes(echo, question));
  if (!echoed && !(questions.length === 0 && ANSWERED_WITHOUT_QUESTION.has(rcode))) return null;
  const response = {
    rcode,
    authoritative: message.flag_aa,
    authenticated: message.flag_ad,
    answers: (message.answers ?? []).flatMap(knownRecord),
    authority: (message.authorities ?? []).flatMap(knownRecord),
  };
  return { response, truncated: message.flag_tc };
}

const COUNTS_OF_RECORDS = 6;
const HEADER_OCTETS = 12;

/** A truncated message may end in the middle of a record (RFC 2181 §9), and none of its records is used. */
function withoutCutRecords(octets: Buffer): Buffer {
  const truncated = octets.length >= HEADER_OCTETS && (octets.readUInt16BE(2) & TRUNCATED_RESPONSE) !== 0;
  return truncated ? Buffer.from(octets).fill(0, COUNTS_OF_RECORDS, HEADER_OCTETS) : octets;
}

function echoes(
  echo: { readonly name: string; readonly type: string; class?: unknown },
  question: DnsQuestion,
) {
  return echo.type === question.type && echo.class === 'IN' && wireDomainName(echo.name) === question.name;
}

function rcodeName(flags: number, additionals: readonly Answer[]): string {
  let code = flags & 0xf;
  for (const record of additionals) if (record.type === 'OPT') code |= record.extendedRcode << 4;
  return RCODES.get(code) ?? `RCODE${code}`;
}

function opt(udpPayloadSize: number): Answer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

/** One record, or none when it is of a class or type that we do not know. */
function knownRecord(record: Answer): DnsRecord[] {
  if (record.type === 'OPT' || record.class !== 'IN') return [];
  const name = wireDomainName(record.name);
  // A TTL with the highest bit set counts as zero (RFC 2181 §8).
  const ttl = record.ttl === undefined || record.ttl > 0x7fffffff ? 0 : record.ttl;
  if (record.type === 'A' || record.type === 'AAAA')
    return [{ name, ttl, type: record.type, data: record.data }];
  if (record.type === 'NS' || record.type === 'CNAME' || record.type === 'DNAME')
    return [{ name, ttl, type: record.type, data: wireDomainName(record.data) }];
  if (record.type === 'TXT') return [{ name, ttl, type: 'TXT', data: joinedOctets(record.data) }];
  if (record.type === 'CAA') {
    const { tag, value, issuerCritical: critical = false } = record.data;
    return [{ name, ttl, type: 'CAA', data: { critical, tag, value } }];
  }
  if (record.type === 'SRV') {
    const { priority = 0, weight = 0, port, target } = record.data;
    return [{ name, ttl, type: 'SRV', data: { priority, weight, port, target: wireDomainName(target) } }];
  }
  if (record.type === 'SOA') {
    const { mname, serial = 0, minimum = 0 } = record.data;
    return [{ name, ttl, type: 'SOA', data: { mname: wireDomainName(mname), serial, minimum } }];
  }
  return [];
}

/** The character-strings of one TXT record as one text, one char per octet. */
function joinedOctets(data: string | Buffer | readonly (string | Buffer)[]): string {
  const parts = typeof data === 'string' || Buffer.isBuffer(data) ? [data] : data;
  return parts.map((part) => (typeof part === 'string' ? part : part.toString('latin1'))).join('');
}
