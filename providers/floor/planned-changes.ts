/**
 * For APIs that write whole RRsets and compare nothing by themselves: what stands there now and what is to stand there,
 * with the preconditions tried on what was read a moment ago.
 */
import { changedKey } from '../../src/dns/change.ts';
import { isWithin } from '../../src/dns/domain-name.ts';
import { keyText, sameRRset } from '../../src/dns/rrset.ts';
import { BACKOFF, DelegatedError } from '../../src/errors.ts';
import type { Change, RRset, RRsetKey, TxtRRset, Zone } from '../../src/provider.ts';

export interface PlannedChange {
  readonly key: RRsetKey;
  readonly before: RRset | null;
  /** Null: the RRset goes. */
  readonly after: RRset | null;
}

/** The RRsets that the changes touch, each once. @throws DelegatedError E_ZONE_NOT_FOUND for a name outside the zone */
export function touchedKeys(zone: Zone, changes: readonly Change[]): RRsetKey[] {
  const keys = new Map(changes.map((change) => [keyText(changedKey(change)), changedKey(change)]));
  for (const { name } of keys.values())
    if (!isWithin(name, zone.name))
      throw new DelegatedError('E_ZONE_NOT_FOUND', `${name} does not lie in the zone ${zone.name}`);
  return [...keys.values()];
}

/**
 * @param current what was read for `touchedKeys`, in its order
 * @returns only what makes a difference
 * @throws DelegatedError E_PROVIDER_CONFLICT when an RRset is not what the change expects
 */
export function plannedChanges(
  keys: readonly RRsetKey[],
  current: readonly (RRset | null)[],
  changes: readonly Change[],
): PlannedChange[] {
  const planned = new Map<string, PlannedChange>();
  for (const [index, key] of keys.entries()) {
    const before = current[index] ?? null;
    planned.set(keyText(key), { key, before, after: before });
  }
  for (const change of changes) {
    const key = keyText(changedKey(change));
    const plan = planned.get(key);
    if (plan !== undefined) planned.set(key, { ...plan, after: outcome(plan.after, change) });
  }
  return [...planned.values()].filter(({ before, after }) => !same(before, after));
}

function outcome(before: RRset | null, change: Change): RRset | null {
  switch (change.op) {
    case 'put':
      demand(before, change.expect === 'absent' ? null : change.expect, change);
      return change.rrset;
    case 'delete':
      demand(before, change.rrset, change);
      return null;
    case 'add':
      return withValues(before, change, [...new Set([...textValues(before), ...change.values])]);
    case 'remove':
      return withValues(
        before,
        change,
        textValues(before).filter((value) => !change.values.includes(value)),
      );
    default:
      return change satisfies never;
  }
}

function demand(before: RRset | null, expected: RRset | null, change: Change): void {
  if (same(before, expected)) return;
  throw new DelegatedError(
    'E_PROVIDER_CONFLICT',
    `${keyText(changedKey(change))} is not what was read before`,
    { hint: 'somebody else writes the same records; the next run reads them again', retry: BACKOFF },
  );
}

function same(a: RRset | null, b: RRset | null): boolean {
  return a === null || b === null ? a === b : sameRRset(a, b);
}

function textValues(rrset: RRset | null): readonly string[] {
  return rrset?.type === 'TXT' ? rrset.values : [];
}

function withValues(
  before: RRset | null,
  { name, ttl }: Extract<Change, { op: 'add' | 'remove' }>,
  values: readonly string[],
): TxtRRset | null {
  return values.length === 0 ? null : { ...before, name, type: 'TXT', ttl: before?.ttl ?? ttl, values };
}
