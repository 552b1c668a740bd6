import { DelegatedError } from '../errors.ts';
import type { Change } from './change.ts';
import type { DomainName } from './domain-name.ts';
import { owners, ownershipMark } from './ownership.ts';
import { presentation, type RRset, type SrvRRset, sameRRset, sameValues } from './rrset.ts';

export type PlannedAction = 'create' | 'update' | 'delete' | 'keep' | 'refuse';

/** What stands at one SRV name, what should, and what to do about it. A value: it can be printed, compared, refused. */
export interface PlannedRecord {
  readonly name: DomainName;
  readonly action: PlannedAction;
  readonly before: RRset | null;
  readonly after: SrvRRset | null;
  /** Empty for `keep` and `refuse`. */
  readonly changes: readonly Change[];
  readonly refusal?: DelegatedError;
  /** For `keep`: it is as wanted, but whoever made it was not us. */
  readonly foreign?: boolean;
}

export interface Sight {
  readonly name: DomainName;
  readonly wanted: SrvRRset | null;
  /** What was read; null is proven absence. A failed read never gets here. */
  readonly srv: RRset | null;
  readonly txt: RRset | null;
}

export interface PlanPolicy {
  /** Our owner id. */
  readonly owner: string;
  /** Take over what is not ours, instead of refusing. */
  readonly adopt: boolean;
  /** A person makes the changes: there are no marks, and a TTL is what the DNS host makes of it. */
  readonly byHand: boolean;
}

/** Null where nothing is wanted and nothing of ours is there. */
export function planRecord(sight: Sight, policy: PlanPolicy): PlannedRecord | null {
  if (policy.byHand) return sight.wanted === null ? null : planByHand(sight, sight.wanted);
  return sight.wanted === null ? planAbsence(sight, policy) : planPresence(sight, sight.wanted, policy);
}

function planPresence(sight: Sight, wanted: SrvRRset, policy: PlanPolicy): PlannedRecord {
  const { name, srv: before, txt } = sight;
  const marked = owners(txt);
  const strangers = marked.filter((owner) => owner !== policy.owner);
  const ours = marked.includes(policy.owner) && strangers.length === 0;
  const asWanted = before !== null && sameRRset(before, wanted);

  if (asWanted && (ours || !policy.adopt))
    return { name, action: 'keep', before, after: wanted, changes: [], ...(ours ? {} : { foreign: true }) };
  if (!ours && !policy.adopt && (before !== null || strangers.length > 0))
    return {
      name,
      action: 'refuse',
      before,
      after: wanted,
      changes: [],
      refusal: foreign(sight, wanted, strangers),
    };

  const put: Change[] = asWanted ? [] : [{ op: 'put', rrset: wanted, expect: before ?? 'absent' }];
  // Of ours only what is not there yet, so that taking the change back leaves what was.
  const missing = marked.includes(policy.owner) ? null : policy.owner;
  const changes = [...put, ...markChanges(name, wanted.ttl, strangers, missing)];
  return { name, action: before === null ? 'create' : 'update', before, after: wanted, changes };
}

function planByHand({ name, srv: before }: Sight, wanted: SrvRRset): PlannedRecord {
  if (before !== null && sameValues(before, wanted))
    return { name, action: 'keep', before, after: { ...wanted, ttl: before.ttl }, changes: [] };
  const put: Change = { op: 'put', rrset: wanted, expect: before ?? 'absent' };
  return { name, action: before === null ? 'create' : 'update', before, after: wanted, changes: [put] };
}

function planAbsence({ name, srv: before, txt }: Sight, { owner }: PlanPolicy): PlannedRecord | null {
  const marked = owners(txt);
  if (!marked.includes(owner) || marked.some((other) => other !== owner)) return null;
  const unmark: Change = {
    op: 'remove',
    name,
    type: 'TXT',
    ttl: txt?.ttl ?? 0,
    values: [ownershipMark(owner)],
  };
  const changes: Change[] = before === null ? [unmark] : [{ op: 'delete', rrset: before }, unmark];
  return { name, action: 'delete', before, after: null, changes };
}

function markChanges(
  name: DomainName,
  ttl: number,
  strangers: readonly string[],
  owner: string | null,
): Change[] {
  const changes: Change[] = [];
  if (owner !== null) changes.push({ op: 'add', name, type: 'TXT', ttl, values: [ownershipMark(owner)] });
  if (strangers.length > 0)
    changes.push({ op: 'remove', name, type: 'TXT', ttl, values: strangers.map(ownershipMark) });
  return changes;
}

function foreign(sight: Sight, wanted: SrvRRset, strangers: readonly string[]): DelegatedError {
  const whose =
    strangers.length > 0 ? ` (it carries the mark of another installation, ${strangers.join(', ')})` : '';
  const found = sight.srv === null ? 'nothing yet' : `${sight.srv.ttl} ${presentation(sight.srv).join(', ')}`;
  return new DelegatedError(
    'E_RECORD_FOREIGN',
    `${sight.name} SRV is not ours${whose}: there is "${found}", the config wants "${wanted.ttl} ${presentation(wanted).join(', ')}"`,
    { hint: 'look at it, then take it over with `delegated adopt SITE`, or make the config say the same' },
  );
}
