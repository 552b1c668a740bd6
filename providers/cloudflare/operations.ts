import type { PlannedChange } from '../floor/planned-changes.ts';
import type { Operations, RecordBody } from './api.ts';
import { type StoredRecord, toBodies } from './convert.ts';

/** What the Free plan takes in one batch; 3,500 in the others (developers.cloudflare.com, verified 2026-11). */
const MOST_OPERATIONS = 200;
/** For who looks at the dashboard; never compared, and left alone once it is there. */
const COMMENT = 'managed by delegated';

/**
 * What makes one RRset as wanted. Values that go give their records to those that come, in place, so that the name is
 * never without any; what then is left over is deleted or created.
 */
export function operationsFor(
  { before, after }: PlannedChange,
  records: readonly StoredRecord[],
): Operations {
  const kept = before !== null && after !== null && before.ttl === after.ttl;
  // Records that differ in their TTL read as 0, and keep theirs when only values are added or removed.
  const ttl = after === null || after.ttl > 0 ? after?.ttl : Math.min(...records.map((each) => each.ttl));
  const wanted =
    after === null || ttl === undefined ? new Map<string, RecordBody>() : toBodies({ ...after, ttl });
  // The second of two records with one value goes too: patched alike, the API would refuse them as identical.
  const first = new Map(records.toReversed().map(({ id, value }) => [value, id]));
  const stale = records.filter(({ id, value }) => !wanted.has(value) || first.get(value) !== id);
  const fresh = [...wanted].filter(([value]) => records.every((each) => each.value !== value));
  const patches = records.flatMap((record) => {
    const body = wanted.get(record.value);
    if (body === undefined || kept || stale.includes(record) || record.ttl === body.ttl) return [];
    return [{ ...body, id: record.id }];
  });
  for (const [index, { id }] of stale.entries()) {
    const body = fresh[index]?.[1];
    if (body !== undefined) patches.push({ ...body, id });
  }
  return {
    deletes: stale.slice(fresh.length).map(({ id }) => ({ id })),
    patches,
    posts: fresh.slice(stale.length).map(([, body]) => ({ ...body, comment: COMMENT })),
  };
}

/** As few batches as the plan allows; an RRset is never torn apart. */
export function batches(list: readonly Operations[]): Operations[] {
  const packed: Operations[] = [];
  for (const next of list) {
    const last = packed.at(-1);
    if (last !== undefined && count(last) + count(next) <= MOST_OPERATIONS) {
      last.deletes.push(...next.deletes);
      last.patches.push(...next.patches);
      last.posts.push(...next.posts);
    } else packed.push({ deletes: [...next.deletes], patches: [...next.patches], posts: [...next.posts] });
  }
  return packed;
}

function count({ deletes, patches, posts }: Operations): number {
  return deletes.length + patches.length + posts.length;
}
