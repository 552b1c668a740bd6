import type { SrvData, RRset } from '../dns/rrset.ts';

/** What a change of the SRV records means to peers. Priorities, weights and the TTL lead nobody elsewhere. */
export interface Switch {
  readonly kind: 'none' | 'first' | 'target' | 'port' | 'removal';
  /** Where no record has led peers until now. */
  readonly added: readonly SrvData[];
  /** Where no record will lead them any more. */
  readonly removed: readonly SrvData[];
}

/** @param before what is published; null when nothing is */
export function switchOf(before: RRset | null, after: RRset): Switch {
  const [old, wanted] = [srvOf(before), srvOf(after)];
  const added = without(wanted, old);
  const removed = without(old, wanted);
  return { kind: kindOf(old, added, removed), added, removed };
}

/** Host and port: what makes two records lead to the same place. */
export function placeOf({ target, port }: Pick<SrvData, 'target' | 'port'>): string {
  return `${target} ${port}`;
}

function kindOf(
  old: readonly SrvData[],
  added: readonly SrvData[],
  removed: readonly SrvData[],
): Switch['kind'] {
  if (old.length === 0) return 'first';
  if (added.length === 0) return removed.length === 0 ? 'none' : 'removal';
  const known = new Set(old.map(({ target }) => target));
  return added.every(({ target }) => known.has(target)) ? 'port' : 'target';
}

function srvOf(rrset: RRset | null): readonly SrvData[] {
  return rrset?.type === 'SRV' ? rrset.values : [];
}

function without(all: readonly SrvData[], those: readonly SrvData[]): SrvData[] {
  const places = new Set(those.map(placeOf));
  return all.filter((data) => !places.has(placeOf(data)));
}
