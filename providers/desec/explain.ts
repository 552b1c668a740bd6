import type { Explain, Explanation } from '../floor/http-failure.ts';

/** Deeper than any answer of the API. */
const DEEPEST = 5;
/** Names of fields that say nothing about the place. */
const NO_PLACE: ReadonlySet<string> = new Set(['detail', 'non_field_errors', 'content']);

/** The vendor's own sentences, https://github.com/desec-io/desec-stack (api/desecapi/serializers/records.py, 2026-11). */
const TOO_LOW = /\bttl: Ensure this value is greater than or equal to (\d+)/;
const BESIDE_CNAME = /RRset with conflicting type present/;
const EXISTS = /Another RRset with the same subdomain and type exists/;
const GONE = /\b(?:ttl|records): This field is required/;

/** @param parts names the parts of a bulk request, whose refusal is a list in the same order */
export function explainFor(parts: readonly string[]): Explain {
  return ({ asked, status, json }) => {
    const says = complaints(json, parts).join('; ');
    const meaning = status === 400 ? meaningOf(says, asked.write) : hintFor(status);
    return says === '' ? meaning : { ...meaning, says };
  };
}

function meaningOf(says: string, write: boolean): Explanation {
  const minimum = TOO_LOW.exec(says)?.[1];
  if (minimum !== undefined)
    return {
      code: 'E_PROVIDER_REJECTED',
      hint: `${minimum} s is the minimum TTL of this domain: set the TTL to at least that, or ask the support of deSEC for a lower minimum`,
    };
  if (BESIDE_CNAME.test(says)) return { code: 'E_RECORD_CNAME', hint: 'remove the CNAME at that name' };
  // We have read the RRsets a moment ago, and leave fields out of those only that were there.
  const overtaken = EXISTS.test(says) || GONE.test(says);
  return { code: write && overtaken ? 'E_PROVIDER_CONFLICT' : 'E_PROVIDER_REJECTED' };
}

function hintFor(status: number): Explanation {
  if (status === 401)
    return {
      hint: 'check the token: it may have expired (max_age, max_unused_period), or may not be used from this address (allowed_subnets)',
    };
  if (status === 403)
    return {
      hint: 'give the token a policy with perm_write for these RRsets; `delegated provider check` shows the calls to make',
    };
  return {};
}

function complaints(json: unknown, parts: readonly string[]): string[] {
  if (!Array.isArray(json)) return texts(json, []);
  return json.flatMap((part: unknown, index) => {
    const place = parts[index];
    return texts(part, place === undefined || typeof part === 'string' ? [] : [place]);
  });
}

/** `ttl: Ensure this value is …` from `{"ttl": ["Ensure this value is …"]}`. */
function texts(node: unknown, place: readonly string[], depth = 0): string[] {
  if (typeof node === 'string') return [[...place, node].join(': ')];
  if (typeof node !== 'object' || node === null || depth > DEEPEST) return [];
  if (Array.isArray(node)) return node.flatMap((each: unknown) => texts(each, place, depth + 1));
  return Object.entries(node).flatMap(([field, inner]: [string, unknown]) =>
    texts(inner, NO_PLACE.has(field) ? place : [...place, field], depth + 1),
  );
}
