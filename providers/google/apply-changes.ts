import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Change, Ctx, Receipt, Zone } from '../../src/provider.ts';
import { type PlannedChange, plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import { apiChange } from './answers.ts';
import { asRead, toApi } from './convert.ts';
import { readRRsets } from './read-rrsets.ts';
import type { Client } from './transport.ts';

/** Each failed attempt is another writer's success, so more than a few mean that something else is wrong. */
const ATTEMPTS = 6;

/**
 * Reads, then swaps what was read for what is wanted. Where another writer came in between, it begins anew: values are
 * added to what stands there now, and a `put` finds that its precondition no longer holds.
 */
export async function applyChanges(
  client: Client,
  zone: Zone,
  changes: readonly Change[],
  ctx: Ctx,
): Promise<Receipt> {
  const keys = touchedKeys(zone, changes);
  for (let attempt = 1; ; attempt += 1) {
    const planned = plannedChanges(keys, await readRRsets(client, zone, keys, ctx), changes);
    if (planned.length === 0) return { changed: false };
    try {
      return { changed: true, handle: await swap(client, zone, planned, ctx) };
    } catch (error) {
      const overtaken = error instanceof DelegatedError && error.code === 'E_PROVIDER_CONFLICT';
      if (!overtaken || attempt === ATTEMPTS) throw error;
    }
  }
}

/** One change: exactly what was read goes, what is wanted comes. @returns its id */
async function swap(
  client: Client,
  { id }: Zone,
  planned: readonly PlannedChange[],
  { signal }: Ctx,
): Promise<string> {
  const call = {
    to: `change ${planned.map(({ key }) => keyText(key)).join(', ')}`,
    write: true,
    signal,
  };
  const change = await client.ask(call, apiChange, (dns) => {
    const zone = dns.zone(id);
    return zone.createChange({
      add: planned.flatMap(({ key, after }) => (after === null ? [] : [zone.record(key.type, toApi(after))])),
      delete: planned.flatMap(({ key, before }) => {
        const raw = before === null ? null : asRead(before);
        return raw === null ? [] : [zone.record(key.type, raw)];
      }),
    });
  });
  return change.id;
}
