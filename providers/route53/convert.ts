import { parseDomainName } from '../../src/dns/domain-name.ts';
import { parseSrvText } from '../../src/dns/parse-rdata.ts';
import { characterStrings, srvText } from '../../src/dns/rrset.ts';
import type { DomainName, RRset, RRsetKey, SrvData } from '../../src/provider.ts';
import type { PlannedChange } from '../floor/planned-changes.ts';
import type { ApiRRset } from './answers.ts';
import type { ApiChange } from './sdk.ts';

/** `*.example.org.` is `\052.example.org.` there; no other character of our names is escaped. */
export function toApiName(name: DomainName): string {
  return name.replace('*', String.raw`\052`);
}

/** Null for a name that is none of ours to understand, such as one of a reverse zone with a slash. */
export function fromApiName(text: string): DomainName | null {
  try {
    return parseDomainName(unescaped(text));
  } catch {
    return null;
  }
}

/** DELETE of what stands there, CREATE of what is to: both fail, and with them the whole, unless it still stands so. */
export function toChanges({ key, before, after }: PlannedChange): ApiChange[] {
  return [...toChange('DELETE', key, before), ...toChange('CREATE', key, after)];
}

function toChange(Action: ApiChange['Action'], { name, type }: RRsetKey, rrset: RRset | null): ApiChange[] {
  if (rrset === null) return [];
  const values = rrset.type === 'SRV' ? rrset.values.map(srvText) : rrset.values.map(toTxt);
  const known = Action === 'DELETE' ? rawValues(rrset) : null;
  return [
    {
      Action,
      ResourceRecordSet: {
        Name: toApiName(name),
        Type: type,
        TTL: rrset.ttl,
        ResourceRecords: (known ?? values).map((Value) => ({ Value })),
      },
    },
  ];
}

/** The values as they were read: a character-string may have been split elsewhere than we would split it. */
interface Raw {
  readonly raw: readonly string[];
}

function rawValues({ version }: RRset): readonly string[] | null {
  return isRaw(version) ? version.raw : null;
}

function isRaw(version: unknown): version is Raw {
  return typeof version === 'object' && version !== null && 'raw' in version;
}

/** Undefined for one that cannot be read. */
export function fromApi({ name, type }: RRsetKey, { TTL, ResourceRecords }: ApiRRset): RRset | undefined {
  if (TTL === undefined || ResourceRecords.length === 0) return undefined;
  const raw = ResourceRecords.map(({ Value }) => Value);
  const common = { name, ttl: TTL, version: { raw } satisfies Raw };
  if (type === 'TXT') {
    const values = raw.map(fromTxt).filter((value) => value !== null);
    return values.length === raw.length ? { ...common, type, values } : undefined;
  }
  const values = raw.map(parseSrvText).filter((value): value is SrvData => value !== null);
  return values.length === raw.length ? { ...common, type, values } : undefined;
}

/**
 * Quoted character-strings; unlike in a master file `\DDD` is octal
 * (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#TXTFormat, verified 2026-11).
 */
export function toTxt(value: string): string {
  return characterStrings(value)
    .map((part) => `"${part.replace(/["\\]|[^\x20-\x7e]/g, escaped)}"`)
    .join(' ');
}

const STRING = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|((?:[^\s"\\]|\\[\s\S])+))/y;

/** @returns null for what is no list of character-strings */
export function fromTxt(text: string): string | null {
  const trimmed = text.trim();
  let value = '';
  let at = 0;
  while (at < trimmed.length) {
    STRING.lastIndex = at;
    const match = STRING.exec(trimmed);
    if (match === null) return null;
    value += unescaped(match[1] ?? match[2] ?? '');
    at = STRING.lastIndex;
  }
  return trimmed === '' ? null : value;
}

function escaped(char: string): string {
  if (char === '"' || char === '\\') return `\\${char}`;
  return `\\${(char.charCodeAt(0) & 0xff).toString(8).padStart(3, '0')}`;
}

function unescaped(text: string): string {
  return text.replace(/\\(?:([0-3][0-7]{2})|([\s\S]))/g, (_, octal: string | undefined, char = '') =>
    octal === undefined ? String(char) : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
