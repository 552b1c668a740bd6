/**
 * What deSEC accepts as a bulk of RRsets, and how it says no: https://desec.readthedocs.io/en/latest/dns/rrsets.html and
 * the serializer and model behind it (github.com/desec-io/desec-stack, api/desecapi/{serializers,models}/records.py,
 * 2026-11).
 */
export interface RRset {
  readonly subname: string;
  readonly type: string;
  readonly ttl: number;
  /** In deSEC's own spelling. */
  readonly records: readonly string[];
}

export interface Domain {
  readonly name: string;
  /** Seconds. */
  minimumTtl: number;
  /** By `SUBNAME/TYPE`, the oldest first. */
  readonly rrsets: Map<string, RRset>;
}

export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

type Part = Readonly<Record<string, unknown>>;
type Complaint = Readonly<Record<string, readonly string[]>>;

const MAXIMUM_TTL = 86_400;
const LONGEST_SUBNAME = 178;
const SUBNAME = /^(?:\*|(?:\*\.)?(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63})?$/;
const FIELDS = ['subname', 'type', 'ttl', 'records'];
const HOSTNAME = /^(?:\.|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+)$/i;
const TXT = /^\s*"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*\s*$/s;

export function keyOf({ subname, type }: { readonly subname: string; readonly type: string }): string {
  return `${subname}/${type}`;
}

/** All of the parts or none. @param may whether the policies of the token let it write the RRset */
export function writeBulk(
  domain: Domain,
  method: 'POST' | 'PATCH',
  body: unknown,
  may: (part: { readonly subname: string; readonly type: string }) => boolean,
): void {
  if (!Array.isArray(body))
    throw new Refusal(400, { non_field_errors: ['Expected a list of items but got dict.'] });
  const parts = body.map((part: unknown): Part =>
    typeof part === 'object' && part !== null ? { ...part } : {},
  );
  const complaints = parts.map((part) => complaintOf(domain, method, part, parts));
  if (complaints.some((each) => Object.keys(each).length > 0)) throw new Refusal(400, complaints);
  const wanted = parts.map((part) => completed(domain, part));
  if (!wanted.every(may))
    throw new Refusal(403, { detail: 'You do not have permission to perform this action.' });
  for (const rrset of wanted)
    if (rrset.records.length === 0) domain.rrsets.delete(keyOf(rrset));
    else domain.rrsets.set(keyOf(rrset), rrset);
}

function complaintOf(domain: Domain, method: string, part: Part, parts: readonly Part[]): Complaint {
  const { subname, type, ttl, records } = part;
  // deSEC itself takes no notice of them.
  const unknown = Object.keys(part).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return { [unknown]: ['There is no such field.'] };
  if (typeof subname !== 'string') return { subname: ['This field is required.'] };
  if (typeof type !== 'string') return { type: ['This field is required.'] };
  if (parts.filter((each) => each['subname'] === subname && each['type'] === type).length > 1)
    return { non_field_errors: ['Same subname and type as in position(s) 0, but must be unique.'] };
  if (!isEmpty(part) && besideCname(domain, part, parts))
    return {
      non_field_errors: [
        'RRset with conflicting type present: database (CNAME). (No other RRsets are allowed alongside CNAME.)',
      ],
    };
  const known = domain.rrsets.has(`${subname}/${type}`);
  if (method === 'POST' && known)
    return {
      non_field_errors: [
        'Another RRset with the same subdomain and type exists for this domain. (Try modifying it.)',
      ],
    };
  if (method === 'POST' && isEmpty(part))
    return { records: ['This field must not be empty when using POST.'] };
  if (!SUBNAME.test(subname))
    return {
      subname: [
        "Subname can only use (lowercase) a-z, 0-9, ., -, and _, may start with a '*.', or just be '*'.",
      ],
    };
  if (subname.length > LONGEST_SUBNAME)
    return { subname: [`Ensure this field has no more than ${LONGEST_SUBNAME} characters.`] };
  if (!/^[A-Z][A-Z0-9]*$/.test(type))
    return { type: ['Type must be uppercase alphanumeric and start with a letter.'] };
  const partial = method === 'PATCH' && (known || isEmpty(part));
  return { ...ttlComplaint(domain, ttl, partial), ...recordsComplaint(type, records, partial) };
}

function isEmpty({ records }: Part): boolean {
  return Array.isArray(records) && records.length === 0;
}

function besideCname(domain: Domain, { subname, type }: Part, parts: readonly Part[]): boolean {
  const there = [...domain.rrsets.values()].filter(
    (each) =>
      !parts.some((part) => part['subname'] === each.subname && part['type'] === each.type && isEmpty(part)),
  );
  return [...there, ...parts.filter((each) => !isEmpty(each))].some(
    (each) => each['subname'] === subname && (each['type'] === 'CNAME') !== (type === 'CNAME'),
  );
}

function ttlComplaint({ minimumTtl }: Domain, ttl: unknown, partial: boolean): Complaint {
  if (ttl === undefined) return partial ? {} : { ttl: ['This field is required.'] };
  if (typeof ttl !== 'number' || !Number.isInteger(ttl)) return { ttl: ['A valid integer is required.'] };
  if (ttl < minimumTtl) return { ttl: [`Ensure this value is greater than or equal to ${minimumTtl}.`] };
  if (ttl > MAXIMUM_TTL) return { ttl: [`Ensure this value is less than or equal to ${MAXIMUM_TTL}.`] };
  return {};
}

function recordsComplaint(type: string, records: unknown, partial: boolean): Complaint {
  if (records === undefined) return partial ? {} : { records: ['This field is required.'] };
  if (!Array.isArray(records) || !records.every((each) => typeof each === 'string'))
    return { records: ['Must be a string.'] };
  for (const record of records) {
    const wrong = recordComplaint(type, record);
    if (wrong !== null) return { non_field_errors: [wrong] };
  }
  return new Set(records.map((each) => canonical(type, each))).size === records.length
    ? {}
    : { non_field_errors: ['Duplicate: records must be semantically unique'] };
}

function recordComplaint(type: string, record: string): string | null {
  if (record.includes('\u0000')) return 'Null characters are not allowed.';
  if (type === 'TXT')
    return TXT.test(record) ? null : 'Data for TXT records must be given using quotation marks.';
  if (type !== 'SRV') return record === '' ? 'This field may not be blank.' : null;
  const [priority, weight, port, target = '', ...more] = record.split(' ');
  const numbers = [priority, weight, port].map(Number);
  if (more.length > 0 || !numbers.every((each) => Number.isInteger(each) && each >= 0 && each <= 65_535))
    return 'Record content for type SRV malformed: expecting an integer';
  if (!target.endsWith('.')) return 'Hostname must be fully qualified (i.e., end in a dot: "example.com.")';
  return HOSTNAME.test(target) ? null : `Cannot parse record contents: invalid target: ${target}`;
}

function completed(domain: Domain, part: Part): RRset {
  const { subname, type, ttl, records } = part;
  const before = domain.rrsets.get(`${String(subname)}/${String(type)}`);
  const fresh = Array.isArray(records)
    ? records.map((each) => canonical(String(type), String(each)))
    : undefined;
  return {
    subname: String(subname),
    type: String(type),
    ttl: typeof ttl === 'number' ? ttl : (before?.ttl ?? 0),
    records: fresh ?? before?.records ?? [],
  };
}

/** As dnspython writes it: strings of at most 255 octets, escapes in decimal. */
export function canonical(type: string, record: string): string {
  if (type !== 'TXT') return record;
  const strings = [...record.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map(([, inner = '']) => octets(inner));
  const short = strings.flatMap((each) => (each.length === 0 ? [each] : chunks(each)));
  return short.map((each) => `"${[...each].map(escaped).join('')}"`).join(' ');
}

function chunks(all: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(all.length / 255) }, (_, at) =>
    all.subarray(at * 255, at * 255 + 255),
  );
}

function octets(inner: string): Buffer {
  const parts = inner.match(/\\\d{3}|\\.|[^\\]/gsu) ?? [];
  return Buffer.concat(
    parts.map((part) =>
      /^\\\d/.test(part) ? Buffer.from([Number(part.slice(1))]) : Buffer.from(part.replace(/^\\/, '')),
    ),
  );
}

function escaped(octet: number): string {
  if (octet === 0x22 || octet === 0x5c) return `\\${String.fromCharCode(octet)}`;
  return octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`;
}
