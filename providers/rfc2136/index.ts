import { changedKey } from '../../src/dns/change.ts';
import { ROOT } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Change, CheckItem, Ctx, DnsProvider, DomainName, Zone } from '../../src/provider.ts';
import { CAPABILITIES } from './capabilities.ts';
import { checkItem } from '../floor/check-item.ts';
import { deepestZone } from '../floor/deepest-zone.ts';
import { type Client, createClient } from './client.ts';
import { changesToUpdate } from './convert.ts';
import { few } from './few.ts';
import { findZone } from './find-zone.ts';
import type { Rfc2136Options } from './options.ts';
import { createReader } from './read-rrsets.ts';

export interface Rfc2136Deps {
  /** The wall clock: a signature is good for five minutes. */
  readonly now: () => Date;
}

/** Any name server that takes signed DNS UPDATEs (RFC 2136, RFC 8945): BIND, Knot, PowerDNS, … */
export function createRfc2136(options: Rfc2136Options, deps: Rfc2136Deps): DnsProvider {
  const client = createClient(options, deps.now);
  const reader = createReader(client);
  const { zones } = options;
  return {
    capabilities: CAPABILITIES,
    check: (ctx) => check(client, zones, ctx),
    findZone: async (name, ctx) =>
      zones === undefined
        ? findZone(client, name, ctx)
        : deepestZone(
            name,
            zones.map((each) => ({ id: each, name: each })),
          ),
    readRRsets: (zone, keys, ctx) => reader.read(zone, keys, ctx),
    async apply(zone, changes, ctx) {
      if (changes.length === 0) return { changed: false };
      const update = { zone: zone.name, ...changesToUpdate(changes) };
      try {
        await client.update(update, `change ${few(changes.map(changedText))}`, ctx.signal);
      } catch (error) {
        throw await withReason(error, zone, changes, ctx);
      }
      // The answer to an UPDATE does not tell whether anything was different before.
      return { changed: true };
    },
    close: () => client.close(),
  };

  /** A conflict because of a CNAME reads as one: the second look costs nothing where all goes well. */
  async function withReason(
    error: unknown,
    zone: Zone,
    changes: readonly Change[],
    ctx: Ctx,
  ): Promise<unknown> {
    if (!(error instanceof DelegatedError) || error.code !== 'E_PROVIDER_CONFLICT') return error;
    try {
      await reader.read(zone, changes.map(changedKey), ctx);
      return error;
    } catch (found) {
      return found instanceof DelegatedError && found.code === 'E_RECORD_CNAME' ? found : error;
    }
  }
}

function changedText(change: Change): string {
  return keyText(changedKey(change));
}

/** An UPDATE without a change shows whether the key may write to the zone, and leaves even the serial alone. */
async function check(
  client: Client,
  zones: readonly DomainName[] | undefined,
  ctx: Ctx,
): Promise<CheckItem[]> {
  if (zones === undefined) {
    const reached = await checkItem('the name server answers', () => client.query(ROOT, 'SOA', ctx.signal));
    return [
      reached.ok ? { ...reached, hint: 'list `zones` to have the key and its rights checked, too' } : reached,
    ];
  }
  const items: CheckItem[] = [];
  for (const zone of zones) {
    const update = { zone, prerequisites: [], updates: [] };
    items.push(
      await checkItem(`the key may change the zone ${zone}`, () =>
        client.update(update, `change ${zone}`, ctx.signal),
      ),
    );
  }
  return items;
}
