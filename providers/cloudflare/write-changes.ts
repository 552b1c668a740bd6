import { isWithin } from '../../src/dns/domain-name.ts';
import { keyText, sameRRset } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Change, RRset, RRsetKey, Receipt, Zone } from '../../src/provider.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { plannedChanges } from '../floor/planned-changes.ts';
import { partlyDone } from '../floor/partly-done.ts';
import { batchResult } from './answers.ts';
import type { Operations } from './api.ts';
import { type Caller, asked } from './call.ts';
import type { StoredRRset } from './convert.ts';
import { batches, operationsFor } from './operations.ts';
import { delegations, readStored } from './read-records.ts';

/**
 * Reads what stands at the keys, and makes the changes in as few batches as there may be.
 * @throws DelegatedError E_PROVIDER_CONFLICT, E_PROVIDER_UNSUPPORTED, E_RECORD_CNAME, and what a call throws; `partial`
 * where a batch before was done
 */
export async function writeChanges(
  caller: Caller,
  zone: Zone,
  keys: readonly RRsetKey[],
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<Receipt> {
  const stored = await readStored(caller, zone, keys, signal);
  const found = new Map(
    stored.flatMap((each) => (each === null ? [] : [[keyText(each.rrset), each.records] as const])),
  );
  const planned = plannedChanges(keys, rrsetsOf(stored), changes);
  if (planned.length === 0) return { changed: false };
  const coming = planned.flatMap(({ key, after }) => (after === null ? [] : [key]));
  await demandVisible(caller, zone, coming, signal);
  const packed = batches(planned.map((plan) => operationsFor(plan, found.get(keyText(plan.key)) ?? [])));
  let sent = 0;
  try {
    for (const operations of packed) {
      await send(caller, zone, operations, signal);
      sent += 1;
    }
    return { changed: true };
  } catch (error) {
    const lost = error instanceof DelegatedError && error.code === 'E_PROVIDER_CONFLICT';
    const now = lost ? await readStored(caller, zone, keys, signal).catch(() => null) : null;
    // Somebody made the same records a moment ago: as good as if it had been us.
    if (now !== null && isDone(keys, rrsetsOf(now), changes)) return { changed: sent > 0 };
    throw sent === 0 ? error : partlyDone(error);
  }
}

function rrsetsOf(stored: readonly (StoredRRset | null)[]): (RRset | null)[] {
  return stored.map((each) => each?.rrset ?? null);
}

async function send(caller: Caller, zone: Zone, operations: Operations, signal: AbortSignal): Promise<void> {
  const request = { to: `change records of ${zone.name}`, write: true };
  const { result } = await caller.call(
    {
      ...request,
      send: (api, options) => api.dns.records.batch({ zone_id: zone.id, ...operations }, options),
    },
    signal,
  );
  parseAnswer(batchResult, result, asked(request));
}

/** @throws DelegatedError E_PROVIDER_UNSUPPORTED where an NS record has given the name away */
async function demandVisible(
  caller: Caller,
  zone: Zone,
  keys: readonly RRsetKey[],
  signal: AbortSignal,
): Promise<void> {
  if (keys.length === 0) return;
  const given = await delegations(caller, zone, signal);
  for (const { name } of keys) {
    const cut = given.find((each) => isWithin(name, each));
    if (cut !== undefined)
      throw new DelegatedError(
        'E_PROVIDER_UNSUPPORTED',
        `${name} is not served by ${zone.name}: NS records at ${cut} hand it over to other name servers`,
        { hint: `remove the NS records at ${cut}, or name the provider that has that zone` },
      );
  }
}

function isDone(
  keys: readonly RRsetKey[],
  current: readonly (RRset | null)[],
  changes: readonly Change[],
): boolean {
  const found = new Map(keys.map((key, index) => [keyText(key), current[index] ?? null]));
  return changes.every((change) => {
    if (change.op === 'put') {
      const rrset = found.get(keyText(change.rrset)) ?? null;
      return rrset !== null && sameRRset(rrset, change.rrset);
    }
    if (change.op === 'delete') return (found.get(keyText(change.rrset)) ?? null) === null;
    const rrset = found.get(keyText(change));
    const values = rrset?.type === 'TXT' ? rrset.values : [];
    return change.values.every((value) => values.includes(value) === (change.op === 'add'));
  });
}
