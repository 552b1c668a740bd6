/** Who may issue for a name, by its CAA records (RFC 8659), and how and for whom (RFC 8657). Pure. */

import { parseIssueValue } from './issue-value.ts';

/** One property, as it stands in the record. */
export interface CaaProperty {
  readonly critical: boolean;
  readonly tag: string;
  readonly value: string;
}

export interface CaaQuestion {
  /** The names that the CA goes by (`caaIdentities` of its directory, RFC 8555 §7.1.1). */
  readonly identities: readonly string[];
  /** URL of the account that will ask; null: there is none yet. */
  readonly account: string | null;
  readonly method: 'dns-01' | 'dns-persist-01';
  readonly wildcard: boolean;
}

export type CaaVerdict =
  | { readonly kind: 'allowed' }
  /** A critical property that no CA may look past. */
  | { readonly kind: 'critical'; readonly tag: string }
  /** No property names the CA. */
  | { readonly kind: 'issuer'; readonly named: readonly string[] }
  | { readonly kind: 'method'; readonly methods: readonly string[] }
  | { readonly kind: 'account'; readonly accounts: readonly string[] };

// RFC 8659 §4, RFC 9495; what any CA knows.
const KNOWN_TAGS = new Set(['issue', 'issuewild', 'issuemail', 'iodef', 'contactemail', 'contactphone']);

interface Permission {
  readonly issuer: string;
  readonly methods: readonly string[] | null;
  /** RFC 8657 §3: more than one can never be met. */
  readonly accounts: readonly string[] | null;
}

/** @param properties the relevant RRset: that of the name or of the closest name above that has one; empty: none has */
export function judgeCaa(properties: readonly CaaProperty[], question: CaaQuestion): CaaVerdict {
  const strange = properties.find(({ critical, tag }) => critical && !KNOWN_TAGS.has(tag.toLowerCase()));
  if (strange !== undefined) return { kind: 'critical', tag: strange.tag };
  const relevant = relevantTo(properties, question.wildcard);
  if (relevant.length === 0) return { kind: 'allowed' };
  const identities = question.identities.map((each) => each.toLowerCase());
  const permissions = relevant.map(({ value }) => permissionIn(value)).filter((each) => each !== null);
  const ours = permissions.filter(({ issuer }) => identities.includes(issuer));
  if (ours.length === 0)
    return { kind: 'issuer', named: permissions.map(({ issuer }) => issuer).filter((each) => each !== '') };
  const byMethod = ours.filter(({ methods }) => methods === null || methods.includes(question.method));
  if (byMethod.length === 0) return { kind: 'method', methods: ours.flatMap(({ methods }) => methods ?? []) };
  const byAccount = byMethod.filter(
    ({ accounts }) => accounts === null || (accounts.length === 1 && accounts[0] === question.account),
  );
  if (byAccount.length > 0) return { kind: 'allowed' };
  return { kind: 'account', accounts: byMethod.flatMap(({ accounts }) => accounts ?? []) };
}

/** RFC 8659 §4.3: issuewild, where there is any, takes the place of issue for a wildcard. */
function relevantTo(properties: readonly CaaProperty[], wildcard: boolean): readonly CaaProperty[] {
  const tagged = (tag: string) => properties.filter((each) => each.tag.toLowerCase() === tag);
  const wild = wildcard ? tagged('issuewild') : [];
  return wild.length > 0 ? wild : tagged('issue');
}

function permissionIn(value: string): Permission | null {
  // A value that is not like this names nobody.
  const parsed = parseIssueValue(value);
  if (parsed === null) return null;
  const valuesOf = (name: string): string[] | null => {
    const found = parsed.parameters.filter(([tag]) => tag === name);
    return found.length === 0 ? null : found.map(([, text]) => text);
  };
  return {
    issuer: parsed.issuer,
    methods: valuesOf('validationmethods')?.flatMap((list) => list.toLowerCase().split(',')) ?? null,
    accounts: valuesOf('accounturi'),
  };
}
