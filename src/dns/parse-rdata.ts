import { parseDomainName } from './domain-name.ts';
import type { SrvData } from './rrset.ts';

const SRV = /^(\d{1,5})\s+(\d{1,5})\s+(\d{1,5})\s+(\S+)$/;
const MOST = 65_535;

/**
 * `10 5 8448 matrix.example.org.` (RFC 2782). The target is taken as absolute, with or without its last dot.
 * @returns null for anything else
 */
export function parseSrvText(text: string): SrvData | null {
  const [, ...fields] = SRV.exec(text.trim()) ?? [];
  const [priority = Number.NaN, weight = Number.NaN, port = Number.NaN] = fields.slice(0, 3).map(Number);
  const target = fields[3];
  if (target === undefined || [priority, weight, port].some((each) => !(each <= MOST))) return null;
  try {
    return { priority, weight, port, target: parseDomainName(target) };
  } catch {
    return null;
  }
}

/** One character-string: quoted, or without spaces; `\DDD` is an octet, `\X` is X (RFC 1035 §5.1). */
const STRING = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s"]+))/y;
const ESCAPE = /\\(?:(\d{3})|([\s\S]))/g;

/**
 * The octets of a TXT value in presentation form, character-strings joined, one `char` per octet (latin1).
 * @returns null for what is no presentation form, such as an open quotation mark
 */
export function parseTxtText(text: string): string | null {
  const trimmed = text.trim();
  let value = '';
  let at = 0;
  while (at < trimmed.length) {
    STRING.lastIndex = at;
    const match = STRING.exec(trimmed);
    if (match === null) return null;
    value += inOctets(unescaped(match[1] ?? match[2] ?? ''));
    at = STRING.lastIndex;
  }
  return trimmed === '' ? null : value;
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (_, octet: string | undefined, char: string | undefined) =>
    octet === undefined ? (char ?? '') : String.fromCharCode(Number(octet) & 0xff),
  );
}

/** A vendor that keeps text as text may send more than octets: those characters are their octets in UTF-8. */
function inOctets(text: string): string {
  return text.replace(/[\u0100-\uffff]+/g, (wide) => String.fromCharCode(...new TextEncoder().encode(wide)));
}
