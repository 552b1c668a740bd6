/**
 * The standing TXT value of dns-persist-01 (draft-ietf-acme-dns-persist): who may have certificates for a name, from
 * which CA, and until when. Pure.
 */

import { parseIssueValue } from './issue-value.ts';

export interface StandingValue {
  /** The name that the CA goes by; lower case, without a trailing dot. */
  readonly issuer: string;
  /** Compared octet by octet (RFC 3986 §6.2.1). */
  readonly accountUri: string;
  /** `policy=wildcard`: good for everything below the name as well. */
  readonly wildcard: boolean;
  /** Whole seconds. Null: for as long as it stands. */
  readonly persistUntil: Date | null;
}

/** What a CA has to find at a name. */
export interface StandingNeed {
  /** Any of these will do. Null: nobody knows yet which name the CA goes by, and every one will. */
  readonly issuers: readonly string[] | null;
  /** Any of these will do; the first one is what we publish. */
  readonly accountUris: readonly [string, ...string[]];
  readonly wildcard: boolean;
}

export type StandingVerdict =
  | { readonly kind: 'good'; readonly value: StandingValue }
  /** Good for nothing any more. */
  | { readonly kind: 'expired'; readonly value: StandingValue }
  /** It lacks `policy=wildcard`. */
  | { readonly kind: 'narrow'; readonly value: StandingValue }
  | { readonly kind: 'account'; readonly accounts: readonly string[] }
  | { readonly kind: 'issuer'; readonly named: readonly string[] }
  | { readonly kind: 'missing' };

/** Of these none may stand twice. */
const KNOWN_TAGS: ReadonlySet<string> = new Set(['accounturi', 'policy', 'persistuntil']);
/** As many digits as a Date can hold. */
const SECONDS = /^\d{1,12}$/;
const MS = 1_000;

export function standingText({ issuer, accountUri, wildcard, persistUntil }: StandingValue): string {
  return [
    issuer,
    `accounturi=${accountUri}`,
    ...(wildcard ? ['policy=wildcard'] : []),
    ...(persistUntil === null ? [] : [`persistUntil=${Math.floor(persistUntil.getTime() / MS)}`]),
  ].join('; ');
}

/**
 * Tags in any case, unknown ones ignored, none of the known ones twice (draft -02 §4.1, §9.3.1).
 * @returns null for what a CA has to reject, and for what is something else altogether
 */
export function parseStandingValue(text: string): StandingValue | null {
  const parsed = parseIssueValue(text);
  if (parsed === null || !/^[a-z0-9](?:.*[a-z0-9])?$/.test(parsed.issuer)) return null;
  const known = parsed.parameters.filter(([tag]) => KNOWN_TAGS.has(tag));
  const parameters = new Map(known);
  if (parameters.size < known.length) return null;
  const accountUri = parameters.get('accounturi');
  const until = parameters.get('persistuntil');
  if (accountUri === undefined || accountUri === '') return null;
  if (until !== undefined && !SECONDS.test(until)) return null;
  return {
    issuer: parsed.issuer,
    accountUri,
    wildcard: parameters.get('policy')?.toLowerCase() === 'wildcard',
    persistUntil: until === undefined ? null : new Date(Number(until) * MS),
  };
}

/** Of several values the best one counts, as for a CA (draft -02 §4.3.2); what is none of them is nobody's business. */
export function judgeStanding(texts: readonly string[], need: StandingNeed, now: Date): StandingVerdict {
  const values = texts.map(parseStandingValue).filter((value) => value !== null);
  if (values.length === 0) return { kind: 'missing' };
  const named = values.filter(({ issuer }) => need.issuers?.includes(issuer) !== false);
  if (named.length === 0) return { kind: 'issuer', named: [...new Set(values.map(({ issuer }) => issuer))] };
  const ours = named.filter(({ accountUri }) => need.accountUris.includes(accountUri));
  if (ours.length === 0) return { kind: 'account', accounts: named.map(({ accountUri }) => accountUri) };
  const byEnd = ours.toSorted((a, b) => endOf(b) - endOf(a));
  const covering = byEnd.filter(({ wildcard }) => wildcard || !need.wildcard);
  const [longest] = covering;
  if (longest !== undefined) return { kind: isOver(longest, now) ? 'expired' : 'good', value: longest };
  const [narrow] = byEnd;
  return narrow === undefined ? { kind: 'missing' } : { kind: 'narrow', value: narrow };
}

/** True from the second on that it names; a CA that compares with "after" is one second more patient. */
export function isOver({ persistUntil }: StandingValue, now: Date): boolean {
  return persistUntil !== null && persistUntil <= now;
}

function endOf({ persistUntil }: StandingValue): number {
  return persistUntil?.getTime() ?? Infinity;
}
