import type { RRset } from './rrset.ts';

/**
 * The ownership mark: a TXT value beside the SRV RRset, at the same name, as DNS-SD keeps TXT beside SRV (RFC 6763
 * §6). It is written in the same change as the record. See docs/decisions/0002-ownership-mark.md.
 */
const PREFIX = 'heritage=delegated,owner=';

export function ownershipMark(owner: string): string {
  return `${PREFIX}${owner}`;
}

/** The owner ids of all the marks at a name; other TXT values there are nobody's business. */
export function owners(txt: RRset | null): string[] {
  if (txt?.type !== 'TXT') return [];
  return txt.values.filter((value) => value.startsWith(PREFIX)).map((value) => value.slice(PREFIX.length));
}
