import type { Change } from './change.ts';
import type { DomainName } from './domain-name.ts';
import type { PlannedRecord } from './plan.ts';
import { type RRset, type SrvRRset, sameRRset } from './rrset.ts';

/** A change of one SRV RRset and of the marks beside it, as it has to be known to take it back. */
export interface WrittenRecord {
  readonly name: DomainName;
  readonly before: SrvRRset | null;
  readonly after: SrvRRset | null;
  readonly marks: readonly MarkChange[];
}

export interface MarkChange {
  readonly op: 'add' | 'remove';
  /** Seconds. */
  readonly ttl: number;
  readonly values: readonly string[];
}

/** What the steps of a plan write; those that keep or refuse write nothing. */
export function writtenBy(steps: readonly PlannedRecord[]): WrittenRecord[] {
  return steps
    .filter(({ changes }) => changes.length > 0)
    .map(({ name, before, after, changes }) => ({
      name,
      before: before?.type === 'SRV' ? plain(before) : null,
      after: after === null ? null : plain(after),
      marks: changes.flatMap((change) =>
        change.op === 'add' || change.op === 'remove'
          ? [{ op: change.op, ttl: change.ttl, values: change.values }]
          : [],
      ),
    }));
}

/**
 * The step back: the records and the marks as they were. Null where something else stands there by now, which is not
 * ours to undo.
 * @param current what was read just now
 */
export function undo(
  { name, before, after, marks }: WrittenRecord,
  current: RRset | null,
): PlannedRecord | null {
  if (!isThere(after, current)) return null;
  const changes: Change[] = [];
  if (before !== null) changes.push({ op: 'put', rrset: before, expect: current ?? 'absent' });
  else if (current !== null) changes.push({ op: 'delete', rrset: current });
  // The last one first: a TXT RRset that is emptied on the way would come back with another TTL.
  for (const { op, ttl, values } of marks.toReversed())
    changes.push({ op: op === 'add' ? 'remove' : 'add', name, type: 'TXT', ttl, values });
  const action = before === null ? 'delete' : current === null ? 'create' : 'update';
  return { name, action, before: current, after: before, changes };
}

/** Whether a record stands as it was written, or was deleted as it should be. */
export function isThere(after: SrvRRset | null, current: RRset | null): boolean {
  return after === null || current === null ? after === current : sameRRset(after, current);
}

/** Without what a provider needs to find it again: by then that is another one's. */
function plain({ name, type, ttl, values }: SrvRRset): SrvRRset {
  return { name, type, ttl, values };
}
