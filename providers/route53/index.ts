import { setTimeout } from 'node:timers/promises';
import { isWithin } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError, aborted } from '../../src/errors.ts';
import type { Change, Ctx, DnsProvider, Receipt, Zone } from '../../src/provider.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { type PlannedChange, plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import { changeAnswer } from './answers.ts';
import { CAPABILITIES } from './capabilities.ts';
import { checkRights } from './check.ts';
import { toChanges } from './convert.ts';
import { type Link, type LinkDeps, createLink } from './link.ts';
import type { Route53Options } from './options.ts';
import { readRecords } from './records.ts';
import { findHostedZone, hostedZone } from './zones.ts';

export interface Route53Deps extends LinkDeps {
  /** Waits; rejects when the signal fires. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** How often a change is made anew because somebody else was faster. */
const ROUNDS = 5;
/** Most changes are in step within a minute; the account pays each look with one of its five requests a second. */
const FIRST_LOOK_MS = 2_000;
const LONGEST_PAUSE_MS = 10_000;

/** Amazon Route 53. */
export function createRoute53(options: Route53Options, deps: Route53Deps): DnsProvider {
  const link = createLink(options, deps);
  const queue = createQueue();
  const { pause = (ms, signal) => setTimeout(ms, undefined, { signal }) } = deps;

  return {
    capabilities: CAPABILITIES,
    check: (ctx) => checkRights(link, options.hostedZoneId, ctx),
    async findZone(name, ctx) {
      if (options.hostedZoneId === undefined) return findHostedZone(link, name, ctx);
      const zone = await hostedZone(link, options.hostedZoneId, ctx);
      return zone !== null && isWithin(name, zone.name) ? { id: zone.id, name: zone.name } : null;
    },
    async zoneById(id, ctx) {
      const zone = await hostedZone(link, id, ctx);
      return zone === null ? null : { id: zone.id, name: zone.name };
    },
    readRRsets: (zone, keys, ctx) => readRecords(link, zone, keys, ctx),
    apply: (zone, changes, ctx) =>
      queue.run(zone.id, ctx.signal, () => applyChanges(link, zone, changes, ctx)),
    async settle(_, { handle }, { signal }) {
      if (handle === undefined) return;
      for (
        let ms = FIRST_LOOK_MS;
        !(await inSync(link, handle, signal));
        ms = Math.min(ms * 1.5, LONGEST_PAUSE_MS)
      )
        await asAborted(pause(ms, signal), signal);
    },
    close: async () => {
      link.close();
    },
  };
}

/**
 * The RRsets are read, and what was read is what DELETE names. A conflict means that somebody wrote in between: read
 * again, what the changes expect may hold still, and single values are added to what stands there now.
 */
async function applyChanges(link: Link, zone: Zone, changes: readonly Change[], ctx: Ctx): Promise<Receipt> {
  const keys = touchedKeys(zone, changes);
  for (let round = 1; ; round += 1) {
    const planned = plannedChanges(keys, await readRecords(link, zone, keys, ctx), changes);
    if (planned.length === 0) return { changed: false };
    try {
      return { changed: true, handle: await sendChanges(link, zone, planned, ctx) };
    } catch (error) {
      const conflict = error instanceof DelegatedError && error.code === 'E_PROVIDER_CONFLICT';
      if (!conflict || round === ROUNDS) throw error;
      ctx.log.debug('somebody else wrote the same records, trying again', { zone: zone.name, round });
    }
  }
}

async function sendChanges(
  link: Link,
  zone: Zone,
  planned: readonly PlannedChange[],
  ctx: Ctx,
): Promise<string> {
  const ChangeBatch = {
    // Shown in CloudTrail.
    Comment: `delegated ${ctx.changeId}`.slice(0, 256),
    Changes: planned.flatMap(toChanges),
  };
  const { ChangeInfo } = await link.call(
    {
      to: `change ${planned.map(({ key }) => keyText(key)).join(', ')}`,
      write: true,
      answer: changeAnswer,
      send: (client, options) =>
        client.changeResourceRecordSets({ HostedZoneId: zone.id, ChangeBatch }, options),
    },
    ctx.signal,
  );
  return ChangeInfo.Id;
}

async function inSync(link: Link, id: string, signal: AbortSignal): Promise<boolean> {
  const { ChangeInfo } = await link.call(
    {
      to: 'tell whether the change is on all its servers',
      write: false,
      answer: changeAnswer,
      send: (client, options) => client.getChange({ Id: id }, options),
    },
    signal,
  );
  return ChangeInfo.Status === 'INSYNC';
}

/** What a timer says when it is stopped, in our words. */
async function asAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw signal.aborted ? aborted(signal) : error;
  }
}
