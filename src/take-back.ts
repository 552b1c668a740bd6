/** Puts records and marks back as they were before a change, if what was written still stands there. */
import { fenceAround, recordKeys } from './dns/fence.ts';
import type { PlannedRecord } from './dns/plan.ts';
import { type RRset, keyText } from './dns/rrset.ts';
import { type WrittenRecord, isThere, undo } from './dns/undo.ts';
import type { Zone } from './dns/zone.ts';
import { DelegatedError } from './errors.ts';
import type { Ctx } from './ports.ts';
import { readSights } from './read-sights.ts';
import type { ZoneAccess } from './zone-access.ts';

export interface WrittenTo {
  readonly access: ZoneAccess;
  readonly zone: Zone;
}

/** True while every record stands as it was written. */
export async function standsAsWritten(
  place: WrittenTo,
  records: readonly WrittenRecord[],
  ctx: Ctx,
): Promise<boolean> {
  const current = await readCurrent(place, records, ctx);
  return records.every(({ after }, index) => isThere(after, current[index] ?? null));
}

/**
 * @returns the steps that were made
 * @throws DelegatedError E_PROVIDER_CONFLICT when something else stands there by now, and whatever a write throws
 */
export async function takeBack(
  place: WrittenTo,
  records: readonly WrittenRecord[],
  ctx: Ctx,
): Promise<readonly PlannedRecord[]> {
  const current = await readCurrent(place, records, ctx);
  const steps = records.map((record, index) => {
    const step = undo(record, current[index] ?? null);
    if (step !== null) return step;
    throw new DelegatedError('E_PROVIDER_CONFLICT', `${record.name} SRV is no longer what we wrote`, {
      hint: 'somebody changed it meanwhile: look at it, the next run decides on what stands there',
    });
  });
  const changes = steps.flatMap((step) => step.changes);
  await place.access.write(place.zone, changes, fenceAround(recordKeys(steps.map(({ name }) => name))), ctx);
  return steps;
}

async function readCurrent(
  { access, zone }: WrittenTo,
  records: readonly WrittenRecord[],
  ctx: Ctx,
): Promise<(RRset | null)[]> {
  const sights = await readSights(
    access,
    zone,
    records.map(({ name }) => name),
    ctx,
  );
  return records.map(({ name }) => {
    const seen = sights.get(keyText({ name, type: 'SRV' })) ?? null;
    if (seen instanceof DelegatedError) throw seen;
    return seen;
  });
}
