import type { DnsProvider } from '../../src/provider.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { touchedKeys } from '../floor/planned-changes.ts';
import type { CloudflareApi } from './api.ts';
import { createCaller } from './call.ts';
import { CAPABILITIES } from './capabilities.ts';
import { checkAccess } from './check.ts';
import { openCloudflareApi } from './open-api.ts';
import type { CloudflareOptions } from './options.ts';
import { readStored } from './read-records.ts';
import { writeChanges } from './write-changes.ts';
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
      return queue.run(zone.id, signal, () => writeChanges(caller, zone, keys, changes, signal));
    },
  };
}
