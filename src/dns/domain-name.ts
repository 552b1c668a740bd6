import { DelegatedError } from '../errors.ts';

/**
 * An absolute domain name (RFC 9499 §2): lower case, A-labels, with the trailing dot. Made by `parseDomainName` and
 * `wireDomainName` only, so that behind these two doors nobody asks for dots or case again. The root is `.`.
 */
export type DomainName = string & { readonly __domainName: unique symbol };

/** The root. */
export const ROOT = brand('.');

const MAX_NAME_OCTETS = 253;
const MAX_LABEL_OCTETS = 63;
const LABEL = /^[a-z0-9_-]+$/;
const IPV4 = /^\d+(\.\d+){3}$/;
/** What ends a host, or vanishes, for a URL parser: left in the text, so that its label is refused. */
const NOT_OF_A_HOST = /[\p{Cc}\s/\\?#@:%[\]]/u;

/**
 * Reads a name that a person wrote: any case, with or without the trailing dot, U-labels allowed, `*` as the first
 * label allowed.
 * @throws DelegatedError E_DOMAIN_NAME
 */
export function parseDomainName(text: string): DomainName {
  if (text === '.') return ROOT;
  const ascii = toAscii(text.endsWith('.') ? text.slice(0, -1) : text);
  if (ascii === '') throw bad(text, 'it is empty');
  if (ascii.length > MAX_NAME_OCTETS) throw bad(text, `it is longer than ${MAX_NAME_OCTETS} octets`);
  for (const [index, label] of ascii.split('.').entries()) {
    if (label === '') throw bad(text, 'it has an empty label');
    if (label.length > MAX_LABEL_OCTETS)
      throw bad(text, `the label "${label}" is longer than ${MAX_LABEL_OCTETS} octets`);
    if (!LABEL.test(label) && !(label === '*' && index === 0))
      throw bad(text, `the label "${label}" has a character that is not a letter, digit, "-" or "_"`);
  }
  return brand(`${ascii}.`);
}

/** A name as a name server sent it: any octet may stand in a label there, so only case and the dot are settled. */
export function wireDomainName(text: string): DomainName {
  const lower = text.toLowerCase();
  return brand(lower.endsWith('.') ? lower : `${lower}.`);
}

/** Puts labels in front of a name. The labels are ours, such as `_acme-challenge`. */
export function under(prefix: string, name: DomainName): DomainName {
  return parseDomainName(name === ROOT ? prefix : `${prefix}.${name}`);
}

/** The name without its first label; null above the root. */
export function parentName(name: DomainName): DomainName | null {
  if (name === ROOT) return null;
  const rest = name.slice(name.indexOf('.') + 1);
  return rest === '' ? ROOT : brand(rest);
}

/** The name, its parent, and so on, without the root. */
export function ancestry(name: DomainName): DomainName[] {
  const names: DomainName[] = [];
  for (let at: DomainName | null = name; at !== null && at !== ROOT; at = parentName(at)) names.push(at);
  return names;
}

/** True for the name itself and for every name below it. */
export function isWithin(name: DomainName, ancestor: DomainName): boolean {
  return ancestor === ROOT || name === ancestor || name.endsWith(`.${ancestor}`);
}

export function isWildcard(name: DomainName): boolean {
  return name.startsWith('*.');
}

/** `*.example.org.` → `example.org.`; any other name as it is. */
export function withoutWildcard(name: DomainName): DomainName {
  return isWildcard(name) ? brand(name.slice(2)) : name;
}

/** Without the trailing dot: for people, certificates, SNI and the Matrix API. */
export function relativeToRoot(name: DomainName): string {
  return name === ROOT ? name : name.slice(0, -1);
}

function brand(text: string): DomainName {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a brand exists for the compiler only
  return text as DomainName;
}

function toAscii(text: string): string {
  if (/^[\x21-\x7e]*$/.test(text)) return text.toLowerCase();
  if (NOT_OF_A_HOST.test(text)) return text;
  // The URL parser of the platform does UTS #46; it knows neither wildcards nor what we want said about them.
  const url = `http://${text}/`;
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  // Full-width digits become an IPv4 address.
  if (host === '' || IPV4.test(host)) throw bad(text, 'it cannot be written in A-labels (IDNA)');
  return host;
}

function bad(text: string, why: string): DelegatedError {
  return new DelegatedError('E_DOMAIN_NAME', `${JSON.stringify(text)} is not a domain name: ${why}`, {
    hint: 'write it as example.org',
  });
}
