import { parseDomainName } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Change, CheckItem, Ctx, DnsProvider, Receipt, RRsetKey, Zone } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import { deepestZone } from '../floor/deepest-zone.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import { partlyDone } from '../floor/partly-done.ts';
import { recordIds, zoneNames } from './answers.ts';
import { type OvhApi, createOvhApi } from './api.ts';
import { CAPABILITIES } from './capabilities.ts';
import { type RecordChange, recordChanges } from './changes.ts';
import type { OvhOptions } from './options.ts';
import { readRecords, rrsetOf, zonePath } from './records.ts';
import { type Unpublished, createUnpublished } from './unpublished.ts';

export interface OvhDeps {
  readonly now: () => Date;
  readonly stateDirectory: string;
}

/** OVHcloud, API version 1. */
export function createOvh(options: OvhOptions, deps: OvhDeps): DnsProvider {
  const api = createOvhApi(options, deps);
  const unpublished = createUnpublished(deps.stateDirectory, `${options.endpoint} ${options.applicationKey}`);
  const queue = createQueue();

  return {
    capabilities: CAPABILITIES,
    check: (ctx) => checkRights(api, ctx),
    findZone: async (name, ctx) => deepestZone(name, await listZones(api, ctx)),
    readRRsets: (zone, keys, ctx) =>
      queue.run(zone.id, ctx.signal, async () => {
        await finish(api, unpublished, zone, ctx);
        const records = await readRecords(api, zone, keys, ctx);
        return keys.map((key, index) => rrsetOf(key, records[index] ?? []));
      }),
    apply: (zone, changes, ctx) =>
      queue.run(zone.id, ctx.signal, async () => {
        await finish(api, unpublished, zone, ctx);
        return applyChanges(api, unpublished, zone, changes, ctx);
      }),
  };
}

/** Publishes what an earlier run wrote and did not come to publish: read again, it looks as if all were done. */
async function finish(api: OvhApi, unpublished: Unpublished, zone: Zone, ctx: Ctx): Promise<void> {
  if (!(await unpublished.has(zone))) return;
  ctx.log.info('publishing what an earlier run has changed', { zone: zone.name });
  await publish(api, zone, ctx);
  await unpublished.clear(zone);
}

async function applyChanges(
  api: OvhApi,
  unpublished: Unpublished,
  zone: Zone,
  changes: readonly Change[],
  ctx: Ctx,
): Promise<Receipt> {
  const keys = touchedKeys(zone, changes);
  const records = await readRecords(api, zone, keys, ctx);
  const byKey = new Map(keys.map((key, index) => [keyText(key), records[index] ?? []]));
  const current = keys.map((key) => rrsetOf(key, byKey.get(keyText(key)) ?? []));
  const requests = plannedChanges(keys, current, changes).flatMap(({ key, after }) =>
    recordChanges(zone, key, byKey.get(keyText(key)) ?? [], after).map((change) => ({ key, change })),
  );
  if (requests.length === 0) return { changed: false };
  await unpublished.mark(zone);
  for (const [done, { key, change }] of requests.entries())
    try {
      await changeRecord(api, zone, key, change, ctx);
    } catch (error) {
      if (!(error instanceof DelegatedError) || error.outcome !== 'not-applied') throw error;
      if (done > 0) throw partlyDone(error);
      await unpublished.clear(zone);
      throw error;
    }
  try {
    await publish(api, zone, ctx);
  } catch (error) {
    throw partlyDone(error);
  }
  await unpublished.clear(zone);
  return { changed: true };
}

async function changeRecord(
  api: OvhApi,
  zone: Zone,
  key: RRsetKey,
  change: RecordChange,
  { signal }: Ctx,
): Promise<void> {
  const path = `${zonePath(zone)}/record`;
  const common = { to: `change ${keyText(key)}`, write: true };
  switch (change.op) {
    case 'create':
      return api.tell({ method: 'POST', path, body: change.body, ...common }, signal);
    case 'update':
      return api.tell({ method: 'PUT', path: `${path}/${change.id}`, body: change.body, ...common }, signal);
    case 'delete':
      // Gone already is as good.
      return api.tell({ method: 'DELETE', path: `${path}/${change.id}`, accept: [404], ...common }, signal);
    default:
      return change satisfies never;
  }
}

function publish(api: OvhApi, zone: Zone, { signal }: Ctx): Promise<void> {
  const to = `publish the zone ${zone.name}`;
  return api.tell({ method: 'POST', path: `${zonePath(zone)}/refresh`, to, write: true }, signal);
}

/** Zones whose name is none of ours to understand are left out. */
async function listZones(api: OvhApi, { signal }: Ctx): Promise<Zone[]> {
  const request = { method: 'GET', path: '/domain/zone', to: 'list its zones', write: false } as const;
  return (await api.ask(request, zoneNames, signal)).flatMap((text): Zone[] => {
    try {
      const name = parseDomainName(text);
      return [{ id: name, name }];
    } catch {
      return [];
    }
  });
}

async function checkRights(api: OvhApi, ctx: Ctx): Promise<CheckItem[]> {
  const found: Zone[] = [];
  const lists = await checkItem('the keys are good, and may list the zones', async () => {
    found.push(...(await listZones(api, ctx)));
    if (found.length === 0)
      throw new DelegatedError('E_ZONE_NOT_FOUND', 'these keys see no zone', {
        hint: 'check that they are of the account that has the zone, and of its endpoint',
      });
  });
  const reads = found.slice(0, 1).map((zone) =>
    checkItem(`they may list the records of ${zone.name}`, () => {
      const path = `${zonePath(zone)}/record`;
      const query = { fieldType: 'SRV' };
      const request = {
        method: 'GET',
        path,
        query,
        to: `list records of ${zone.name}`,
        write: false,
      } as const;
      return api.ask(request, recordIds, ctx.signal);
    }),
  );
  return [lists, ...(await Promise.all(reads))];
}
