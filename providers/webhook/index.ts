import { keyText } from '../../src/dns/rrset.ts';
import type { DnsProvider } from '../../src/provider.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import { adjusted } from './adjusted.ts';
import { CAPABILITIES } from './capabilities.ts';
import { check } from './check.ts';
import { byKey } from './convert.ts';
import { endpointChanges, isEmpty, joined } from './endpoint-changes.ts';
import { lookBack } from './look-back.ts';
import type { WebhookOptions } from './options.ts';
import { createProtocol } from './protocol.ts';
import { rrsetsIn } from './rrsets-in.ts';
import { zoneOf } from './zones.ts';

export interface WebhookDeps {
  readonly now: () => Date;
  /** Milliseconds between the looks at what became of a write. */
  readonly looksAgainMs?: readonly number[];
}

/** Some vendors list a record a moment after they took it. */
const LOOKS_AGAIN_MS = [500, 2_000, 5_000];

/** The client of the webhook protocol of external-dns, version 1. */
export function createWebhook(options: WebhookOptions, deps: WebhookDeps): DnsProvider {
  const protocol = createProtocol(options, deps.now);
  const queue = createQueue();

  return {
    capabilities: CAPABILITIES,
    check: (ctx) => check(protocol, options.zones, ctx),
    async findZone(name, ctx) {
      const zone = zoneOf(name, options.zones, await protocol.negotiate(ctx));
      return zone === null ? null : { id: zone, name: zone };
    },
    async readRRsets(zone, keys, ctx) {
      if (keys.length === 0) return [];
      return rrsetsIn(await protocol.records(`show the records of ${zone.name}`, ctx), keys);
    },
    async apply(zone, changes, ctx) {
      const keys = touchedKeys(zone, changes);
      // One queue for all zones: the webhook has one list, and some of them replace what they think is in it.
      return queue.run('', ctx.signal, async () => {
        if (keys.length === 0) return { changed: false };
        const current = await protocol.records(`show ${keys.map(keyText).join(', ')}`, ctx);
        const planned = plannedChanges(keys, rrsetsIn(current, keys), changes);
        const made = await adjusted(protocol, planned, ctx);
        const before = byKey(current);
        const wanted = joined(
          planned.map(({ key }) =>
            endpointChanges(key, before.get(keyText(key)) ?? [], made.get(keyText(key)) ?? null),
          ),
        );
        if (isEmpty(wanted)) return { changed: false };
        await protocol.change(wanted, `change ${planned.map(({ key }) => keyText(key)).join(', ')}`, ctx);
        await lookBack(protocol, planned, deps.looksAgainMs ?? LOOKS_AGAIN_MS, ctx);
        return { changed: true };
      });
    },
  };
}
