import { isWithin } from '../../src/dns/domain-name.ts';
import { keyText, sameRRset } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Change, DnsProvider, RRset, RRsetKey, Receipt, Zone } from '../../src/provider.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import { batchResult } from './answers.ts';
import type { CloudflareApi, Operations } from './api.ts';
import { type Caller, asked, createCaller } from './call.ts';
import { CAPABILITIES } from './capabilities.ts';
import { checkAccess } from './check.ts';
import { openCloudflareApi } from './open-api.ts';
import { batches, operationsFor } from './operations.ts';
import type { CloudflareOptions } from './options.ts';
import { delegations, readStored } from './read-records.ts';
import { findZone, zoneById } from './zones.ts';

/** Cloudflare DNS through its SDK. */
export function openCloudflare(options: CloudflareOptions, deps: { readonly now: () => Date }): DnsProvider {
  return createCloudflare(
    openCloudflareApi({ ...options, timeoutMs: options.timeout * 1_000 }),
    options,
    deps,
  );
}

export function createCloudflare(
  api: CloudflareApi,
  options: CloudflareOptions,
  deps: { readonly now: () => Date },
): DnsProvider {
  const caller = createCaller(api, { ...options, timeoutMs: options.timeout * 1_000 }, deps.now);
  const queue = createQueue();
  return {
    capabilities: CAPABILITIES,
    check: ({ signal }) => checkAccess(caller, options.account, signal),
    findZone: (name, { signal }) => findZone(caller, options.account, name, signal),
    zoneById: (id, { signal }) => zoneById(caller, id, signal),
    async readRRsets(zone, keys, { signal }) {
      const stored = await readStored(caller, zone, keys, signal);
      return stored.map((each) => each?.rrset ?? null);
    },
    async apply(zone, changes, { signal }) {
      const keys = touchedKeys(zone, changes);
      return queue.run(zone.id, signal, () => write(caller, zone, keys, changes, signal));
    },
  };
}

async function write(
  caller: Caller,
  zone: Zone,
  keys: readonly RRsetKey[],
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<Receipt> {
  const read = (): ReturnType<typeof readStored> => readStored(caller, zone, keys, signal);
  const stored = await read();
  const found = new Map(
    stored.map((each) => [each === null ? '' : keyText(each.rrset), each?.records ?? []]),
  );
  const rrsets = stored.map((each) => each?.rrset ?? null);
  const planned = plannedChanges(keys, rrsets, changes);
  if (planned.length === 0) return { changed: false };
  await demandVisible(
    caller,
    zone,
    planned.flatMap(({ key, after }) => (after === null ? [] : [key])),
    signal,
  );
  const packed = batches(planned.map((plan) => operationsFor(plan, found.get(keyText(plan.key)) ?? [])));
  for (const [index, operations] of packed.entries())
    try {
      await send(caller, zone, operations, signal);
    } catch (error) {
      const lost = error instanceof DelegatedError && error.code === 'E_PROVIDER_CONFLICT';
      // Somebody made the same records a moment ago: as good as if it had been us.
      if (
        lost &&
        isDone(
          keys,
          (await read()).map((each) => each?.rrset ?? null),
          changes,
        )
      )
        return { changed: index > 0 };
      throw index === 0 ? error : partly(error);
    }
  return { changed: true };
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

function partly(error: unknown): unknown {
  if (!(error instanceof DelegatedError) || error.outcome === 'unknown') return error;
  const { code, message, hint, retry } = error;
  return new DelegatedError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    retry,
    outcome: 'partial',
  });
}
