import type { DnsProvider } from '../../src/provider.ts';
import type { ProviderDeps } from '../adapter.ts';
import { applyChanges } from './apply-changes.ts';
import { CAPABILITIES } from './capabilities.ts';
import { check } from './check.ts';
import type { GoogleOptions } from './options.ts';
import { readRRsets } from './read-rrsets.ts';
import { type Pause, pauseFor, settle } from './settle.ts';
import { createClient } from './transport.ts';
import { chooseZone, searchZone, zoneById } from './zones.ts';

export interface GoogleDeps extends Pick<ProviderDeps, 'now' | 'hide'> {
  /** Between two looks at a change. */
  readonly pause?: Pause;
}

/** Google Cloud DNS, REST v1. */
export function createGoogle(options: GoogleOptions, deps: GoogleDeps): DnsProvider {
  const client = createClient(options, deps);
  return {
    capabilities: CAPABILITIES,
    check: (ctx) => check(client, options, ctx),
    findZone: (name, ctx) =>
      options.zone === undefined
        ? searchZone(client, name, ctx)
        : chooseZone(client, options.zone, name, ctx),
    zoneById: (id, ctx) => zoneById(client, id, ctx),
    readRRsets: (zone, keys, ctx) => readRRsets(client, zone, keys, ctx),
    apply: (zone, changes, ctx) => applyChanges(client, zone, changes, ctx),
    settle: (zone, receipt, ctx) => settle(client, zone, receipt, ctx, deps.pause ?? pauseFor),
  };
}
