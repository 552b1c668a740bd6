import { type Answer as Record, encode } from 'dns-packet';
import { wireDomainName } from '../../src/dns/domain-name.ts';
import type { DomainName } from '../../src/provider.ts';
import { type Answer, answer, RCODE, refusal } from './answer.ts';
import type { Authority } from './authority.ts';
import { type Edns, type Query, type Question, readQuery } from './query.ts';
import type { ZoneData } from './zone-data.ts';

export type Transport = 'udp' | 'tcp';

const OPCODE_QUERY = 0;
const AA = 0x0400;
const TC = 0x0200;
const HEADER_OCTETS = 12;
/** Passes everywhere without fragments (DNS flag day 2020), and is what we take and send at most over UDP. */
const UDP_PAYLOAD = 1232;
const UDP_WITHOUT_EDNS = 512;

/**
 * From the octets of a query to those of the answer; null for what gets none. Never throws: whatever a stranger
 * sends, and whatever state the zone is in, ends in an answer or in silence.
 * @param data throws when the zone cannot be read, which is SERVFAIL and never NXDOMAIN
 */
export function respond(
  octets: Buffer,
  transport: Transport,
  authority: Authority,
  data: () => ZoneData,
): Buffer | null {
  const query = readQuery(octets);
  return query === null ? null : encodeAnswer(query, decide(query, authority, data), transport);
}

/** An answer that says nothing but `ask over TCP`, no longer than the question. */
export function askOverTcp(octets: Buffer): Buffer | null {
  const query = readQuery(octets);
  return query === null ? null : message(query, refusal(RCODE.noError), { truncated: true });
}

function decide(query: Query, authority: Authority, data: () => ZoneData): Answer {
  if (query.opcode !== OPCODE_QUERY) return refusal(RCODE.notImp);
  if (query.question === null || query.malformed) return refusal(RCODE.formErr);
  if (query.edns !== null && query.edns.version > 0) return refusal(RCODE.badVers);
  try {
    return answer(query.question, authority, data());
  } catch {
    return refusal(RCODE.servFail);
  }
}

function encodeAnswer(query: Query, decided: Answer, transport: Transport): Buffer {
  const whole = message(query, decided, { truncated: false });
  const limit = query.edns === null ? UDP_WITHOUT_EDNS : Math.min(query.edns.udpPayload, UDP_PAYLOAD);
  if (transport === 'tcp' || whole.length <= limit) return whole;
  return message(query, { ...decided, answers: [], authorities: [] }, { truncated: true });
}

function message(
  { id, opcode, echoedFlags, question, edns }: Query,
  { rcode, authoritative, answers, authorities }: Answer,
  { truncated }: { readonly truncated: boolean },
): Buffer {
  const echoed = (records: readonly Record[]): Record[] => records.map((record) => asAsked(record, question));
  const octets = encode({
    type: 'response',
    id,
    flags: (opcode << 11) | echoedFlags | (authoritative ? AA : 0) | (truncated ? TC : 0) | (rcode & 0xf),
    answers: echoed(answers),
    authorities,
    additionals: edns === null ? [] : [opt(edns, rcode)],
  });
  if (question === null) return octets;
  // dns-packet compresses no names, so nothing in the records moves when the question is put in front of them.
  octets.writeUInt16BE(1, 4);
  return Buffer.concat([octets.subarray(0, HEADER_OCTETS), question.octets, octets.subarray(HEADER_OCTETS)]);
}

/** The owner in the case in which it was asked for. */
function asAsked(record: Record, question: Question | null): Record {
  if (question === null || record.name !== question.name) return record;
  return { ...record, name: nameAsAsked(question) };
}

function nameAsAsked({ octets, name }: Question): string {
  const labels: string[] = [];
  for (let at = 0, length = octets.readUInt8(0); length !== 0; length = octets.readUInt8(at)) {
    labels.push(octets.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const asked = labels.join('.');
  const plain: DomainName = wireDomainName(asked);
  return plain === name ? asked : name;
}

function opt({ dnssecOk }: Edns, rcode: number): Record {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: UDP_PAYLOAD,
    extendedRcode: rcode >> 4,
    ednsVersion: 0,
    // DO is repeated (RFC 3225 §3), though there is nothing signed here.
    flags: dnssecOk ? 0x8000 : 0,
    flag_do: dnssecOk,
    options: [],
  };
}
