import { type DomainName, ROOT } from './domain-name.ts';

/** RFC 2782. The target `.` says that the service is decidedly not available. */
export interface SrvData {
  /** 0 to 65535; the lowest is tried first. */
  readonly priority: number;
  /** 0 to 65535; the share among equal priorities. */
  readonly weight: number;
  readonly port: number;
  readonly target: DomainName;
}

interface RRsetOf<Type extends string, Data> {
  readonly name: DomainName;
  readonly type: Type;
  /** Seconds. */
  readonly ttl: number;
  /** A set: no duplicates, never empty, order without meaning. */
  readonly values: readonly Data[];
  /** What a provider needs to find the same RRset again (an ETag, record ids); nobody else looks inside. */
  readonly version?: unknown;
}

export type SrvRRset = RRsetOf<'SRV', SrvData>;
/** A TXT value is its octets, character-strings joined, one `char` per octet (latin1), unquoted. */
export type TxtRRset = RRsetOf<'TXT', string>;
/** All records of one name and type (RFC 9499 §5). */
export type RRset = SrvRRset | TxtRRset;
export type RRType = RRset['type'];

export interface RRsetKey {
  readonly name: DomainName;
  readonly type: RRType;
}

export function keyText(key: RRsetKey): string {
  return `${key.name} ${key.type}`;
}

const STRING_OCTETS = 255;

/** The values in presentation form (RFC 1035 §5.1), sorted: `10 5 8448 matrix.example.org.`, `"text"`. */
export function presentation(rrset: RRset): string[] {
  const texts = rrset.type === 'SRV' ? rrset.values.map(srvText) : rrset.values.map(txtText);
  return texts.sort();
}

export function srvText(data: SrvData): string {
  return `${data.priority} ${data.weight} ${data.port} ${data.target}`;
}

/** Quoted character-strings of at most 255 octets each; `"`, `\` and what is not printable are escaped. */
export function txtText(value: string): string {
  return characterStrings(value)
    .map((part) => `"${part.replace(/["\\]|[^\x20-\x7e]/g, escapeOctet)}"`)
    .join(' ');
}

/** Splits a value into character-strings (RFC 1035 §3.3); an empty value is one empty string. */
export function characterStrings(value: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at === 0 || at < value.length; at += STRING_OCTETS)
    parts.push(value.slice(at, at + STRING_OCTETS));
  return parts;
}

/** Same values; the TTL does not count. */
export function sameValues(a: RRset, b: RRset): boolean {
  if (a.name !== b.name || a.type !== b.type) return false;
  return presentation(a).join('\n') === presentation(b).join('\n');
}

/** Same values and TTL. */
export function sameRRset(a: RRset, b: RRset): boolean {
  return a.ttl === b.ttl && sameValues(a, b);
}

export function isNullTarget(data: SrvData): boolean {
  return data.target === ROOT;
}

function escapeOctet(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  return `\\${String(char.charCodeAt(0) & 0xff).padStart(3, '0')}`;
}
