import type { RRset, RRsetKey, Zone } from '../../src/provider.ts';
import type { ApiRecord } from './answers.ts';
import { canonicalTarget, toSubDomain, toTargets } from './convert.ts';

/** One request about one record. */
export type RecordChange =
  | {
      readonly op: 'create';
      readonly body: {
        readonly fieldType: string;
        readonly subDomain: string;
        readonly target: string;
        readonly ttl: number;
      };
    }
  | {
      readonly op: 'update';
      readonly id: number;
      readonly body: { readonly subDomain: string; readonly target: string; readonly ttl: number };
    }
  | { readonly op: 'delete'; readonly id: number };

/**
 * What makes the RRset of its records. A record whose value goes becomes one whose value comes, so that there is no
 * moment without any; what is only to go goes last.
 */
export function recordChanges(
  zone: Zone,
  { name, type }: RRsetKey,
  records: readonly ApiRecord[],
  after: RRset | null,
): RecordChange[] {
  const subDomain = toSubDomain(name, zone);
  const wanted = new Map(
    (after === null ? [] : toTargets(after)).map((target) => [canonicalTarget(type, target), target]),
  );
  const ttl = after?.ttl ?? 0;
  const changes: RecordChange[] = [];
  const spare: ApiRecord[] = [];
  for (const record of records) {
    const meaning = canonicalTarget(type, record.target);
    const stays = wanted.get(meaning);
    if (stays === undefined) spare.push(record);
    else if (record.ttl !== ttl)
      changes.push({ op: 'update', id: record.id, body: { subDomain, target: stays, ttl } });
    wanted.delete(meaning);
  }
  for (const target of wanted.values()) {
    const record = spare.shift();
    changes.push(
      record === undefined
        ? { op: 'create', body: { fieldType: type, subDomain, target, ttl } }
        : { op: 'update', id: record.id, body: { subDomain, target, ttl } },
    );
  }
  return [...changes, ...spare.map(({ id }): RecordChange => ({ op: 'delete', id }))];
}
