import type { DomainName } from './domain-name.ts';
import type { RRset, RRsetKey } from './rrset.ts';

/**
 * One change of one RRset. `put` and `delete` are compare-and-swap: the caller always says what it saw. `add` and
 * `remove` work on single TXT values, are idempotent, and leave every other value alone, so that challenge values of
 * several writers can share a name.
 */
export type Change =
  | { readonly op: 'put'; readonly rrset: RRset; readonly expect: RRset | 'absent' }
  | { readonly op: 'delete'; readonly rrset: RRset }
  | {
      readonly op: 'add' | 'remove';
      readonly name: DomainName;
      readonly type: 'TXT';
      /** Seconds; the TTL of a new RRset. An existing RRset keeps the one it has where the provider can do so. */
      readonly ttl: number;
      readonly values: readonly string[];
    };

export function changedKey(change: Change): RRsetKey {
  if (change.op === 'put' || change.op === 'delete')
    return { name: change.rrset.name, type: change.rrset.type };
  return { name: change.name, type: change.type };
}
