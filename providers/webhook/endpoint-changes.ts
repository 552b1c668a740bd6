import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { RRsetKey } from '../../src/provider.ts';
import type { Endpoint } from './answers.ts';
import { canonicalTarget } from './convert.ts';

/** The body of POST /records; the two lists of updates are paired by their place. */
export interface EndpointChanges {
  readonly create: readonly Endpoint[];
  readonly updateOld: readonly Endpoint[];
  readonly updateNew: readonly Endpoint[];
  readonly delete: readonly Endpoint[];
}

export const NO_CHANGES: EndpointChanges = { create: [], updateOld: [], updateNew: [], delete: [] };

export function joined(all: readonly EndpointChanges[]): EndpointChanges {
  return {
    create: all.flatMap((each) => each.create),
    updateOld: all.flatMap((each) => each.updateOld),
    updateNew: all.flatMap((each) => each.updateNew),
    delete: all.flatMap((each) => each.delete),
  };
}

/**
 * From what stands there to what is wanted, with as little change as possible: a value that stays keeps its endpoint and
 * the way it is written, and an endpoint keeps whatever else somebody put into it.
 * @param before all endpoints of the RRset, as they came
 * @param after null: it goes
 * @throws DelegatedError E_PROVIDER_UNSUPPORTED for an RRset that answers differently to different people
 */
export function endpointChanges(
  key: RRsetKey,
  before: readonly Endpoint[],
  after: Endpoint | null,
): EndpointChanges {
  if (before.some(({ setIdentifier }) => (setIdentifier ?? '') !== ''))
    throw new DelegatedError(
      'E_PROVIDER_UNSUPPORTED',
      `${keyText(key)} has a routing policy (setIdentifier), and is not changed`,
      { hint: 'remove the policy at the provider, or maintain this record by hand' },
    );
  if (after === null) return { ...NO_CHANGES, delete: before };
  const [first, ...rest] = before;
  if (first === undefined) return { ...NO_CHANGES, create: [after] };

  const wanted = new Map(
    (after.targets ?? []).map((target) => [canonicalTarget(key.type, target) ?? target, target]),
  );
  const kept = [first, ...rest].map((endpoint) => ({
    endpoint,
    targets: (endpoint.targets ?? []).filter((target) =>
      // Each is kept once.
      wanted.delete(canonicalTarget(key.type, target) ?? target),
    ),
  }));
  const host = kept.find(({ targets }) => targets.length > 0) ?? kept[0];
  const wants = kept.map((each) => ({
    old: each.endpoint,
    new: {
      ...each.endpoint,
      targets: each === host ? [...each.targets, ...wanted.values()] : each.targets,
      recordTTL: after.recordTTL,
    },
  }));
  const updates = wants.filter((each) => each.new.targets.length > 0 && differs(each.old, each.new));
  return {
    create: [],
    updateOld: updates.map((each) => each.old),
    updateNew: updates.map((each) => each.new),
    delete: wants.filter((each) => each.new.targets.length === 0).map((each) => each.old),
  };
}

export function isEmpty(changes: EndpointChanges): boolean {
  return Object.values(changes).every((list: readonly Endpoint[]) => list.length === 0);
}

function differs(before: Endpoint, after: Endpoint): boolean {
  return essence(before) !== essence(after);
}

/** No TTL and 0 are the same to external-dns. */
function essence({ targets, recordTTL }: Endpoint): string {
  return JSON.stringify([targets ?? [], recordTTL ?? 0]);
}
