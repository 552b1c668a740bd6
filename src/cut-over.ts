/**
 * Verb: a change of the SRV records that could cut federation. Looks before (does it work today, and would it then?),
 * proves after, and takes the change back where that fails. Loaded only when there is such a change.
 */
import { type CheckOptions, lookAtRoute } from './check.ts';
import type { SiteConfig } from './config/config.ts';
import type { DomainName } from './dns/domain-name.ts';
import type { PlannedRecord } from './dns/plan.ts';
import type { RRset } from './dns/rrset.ts';
import { writtenBy } from './dns/undo.ts';
import { type DelegatedError, asDelegatedError } from './errors.ts';
import type { Finding } from './federation/finding.ts';
import {
  faultsOf,
  isDecisive,
  isDistrusted,
  isLedPast,
  standingOf,
  trustingOwn,
  whyUnread,
} from './federation/judge-switch.ts';
import type { ServerSight } from './federation/sight.ts';
import { refusedSwitch, undoneSwitch, unprovenSwitch, unseenSwitch } from './federation/switch-errors.ts';
import { type Switch, switchOf } from './federation/switch.ts';
import { type Warning, warningOf } from './federation/warning.ts';
import type { NameServer } from './name-servers.ts';
import { certName, srvName } from './matrix/delegation.ts';
import type { Ctx, DnsClient, Ports } from './ports.ts';
import type { OpenSwitch } from './schedule/state.ts';
import { pretending, withoutCaches } from './switch-dns.ts';

/** Called with what is about to be written, before each attempt to write it. */
export type BeforeWrite = (steps: readonly PlannedRecord[]) => Promise<void>;

export interface CutOver {
  readonly site: SiteConfig;
  readonly steps: readonly PlannedRecord[];
  readonly change: Switch;
  /** Past every look: whoever says so knows better. */
  readonly force: boolean;
  /** Resolves when the certificate is served, or will not be: until then no new target could stand a look. */
  readonly ready: Promise<unknown>;
  /** Resolves when every authoritative server has it. */
  readonly write: (before: BeforeWrite) => Promise<readonly PlannedRecord[]>;
}

export interface CutOverOutcome {
  readonly steps: readonly PlannedRecord[];
  readonly warnings: readonly Warning[];
}

/** What it takes to see whether a change holds, and to take it back. */
export interface Settlement {
  readonly site: SiteConfig;
  readonly servers: () => Promise<readonly NameServer[]>;
  /** @throws DelegatedError when the records cannot be put back */
  readonly takeBack: (open: OpenSwitch) => Promise<void>;
}

const FIRST_POLL_MS = 250;
const SLOWEST_POLL_MS = 4_000;
const GROWTH = 2;
/** A homeserver that was well a moment ago is given this long to be well again. */
const PROOF_MS = 20_000;

/** @throws DelegatedError E_SWITCH_UNDONE, E_SWITCH_UNPROVEN, and whatever `write` throws */
export async function cutOver(
  { site, steps, change, force, ready, write }: CutOver,
  settlement: Settlement,
  ports: Ports,
  ctx: Ctx,
): Promise<CutOverOutcome> {
  const through = (which: 'before' | 'after', route: Route = {}): Promise<ServerSight> =>
    look(site, pretending(ports.dns, recordsOf(steps, which)), ports, ctx, route);
  ports.progress(site.serverName.text, 'looking at federation before the SRV records change');
  const standing = force ? 'broken' : standingOf(await through('before'));
  if (standing === 'broken') {
    // Nothing to cut, so nothing to wait for either.
    const done = await write(() => Promise.resolve());
    await ready;
    return { steps: done, warnings: warningsOf(await through('after'), site, steps, change) };
  }
  await ready;
  const then = await through('after');
  const read = isDecisive(then, certName(site));
  // What is shadowed cuts nothing until the day when the well-known file is gone, and then nobody looks at it first.
  const faults = faultsOfReading(read ? then : await through('after', WITHOUT_WELL_KNOWN), site, change);
  if (faults !== null) {
    const refusal = refusedSwitch(site.serverName.text, change, read ? standing : 'shadows', faults);
    return { steps: steps.map((step) => refuse(step, refusal)), warnings: [] };
  }
  if (read) return { steps: await writeAndSettle(site, write, settlement, ports, ctx), warnings: [] };
  return { steps: await write(() => Promise.resolve()), warnings: warningsOf(then, site, steps, change) };
}

/** Null where peers would not come by the records at all, as for a delegated name: they cannot be judged then. */
function faultsOfReading(sight: ServerSight, site: SiteConfig, { added }: Switch): readonly Finding[] | null {
  return isDecisive(sight, certName(site)) ? faultsOf(sight, added) : null;
}

async function writeAndSettle(
  { serverName }: SiteConfig,
  write: CutOver['write'],
  settlement: Settlement,
  ports: Ports,
  ctx: Ctx,
): Promise<readonly PlannedRecord[]> {
  const startedAt = ports.clock.now();
  let open: OpenSwitch | null = null;
  const done = await write(async (steps) => {
    open = { serverName: serverName.text, startedAt, records: writtenBy(steps) };
    await ports.state.writeSwitch(serverName.text, open);
  });
  if (open !== null) await settle(open, settlement, ports, ctx);
  return done;
}

/**
 * Sees to it that federation works through what was written, or that it is taken back.
 * @throws DelegatedError E_SWITCH_UNDONE, E_SWITCH_UNPROVEN
 */
export async function settle(
  open: OpenSwitch,
  { site, servers, takeBack }: Settlement,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const name = site.serverName.text;
  const faults = await prove(open, site, await servers(), ports, ctx);
  // Neither proven nor refuted: the next run may see more.
  if (faults === 'unseen') throw unseenSwitch(name);
  if (faults !== null) {
    ports.progress(name, 'federation fails through the new SRV records, putting the old ones back');
    await takeBack(open).catch((thrown: unknown) => {
      if (ctx.signal.aborted) throw thrown;
      throw unprovenSwitch(name, faults, asDelegatedError(thrown));
    });
  }
  await ports.state.clearSwitch(name);
  if (faults !== null) throw undoneSwitch(faults);
}

/**
 * Null when it works, as peers that have nothing in their caches find it. `unseen` when that could not be looked at: the
 * records were read by peers before they were written, so a look that does not come by them has missed something.
 */
async function prove(
  { records }: OpenSwitch,
  site: SiteConfig,
  servers: readonly NameServer[],
  ports: Ports,
  ctx: Ctx,
): Promise<readonly Finding[] | 'unseen' | null> {
  const dns = withoutCaches(new Set(records.map(({ name }) => name)), servers, ports, ctx);
  const added = decisive(records, site).flatMap(({ before, after }) =>
    after === null ? [] : switchOf(before, after).added,
  );
  const deadline = ports.clock.monotonic() + PROOF_MS;
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * GROWTH, SLOWEST_POLL_MS)) {
    const sight = await look(site, dns, ports, ctx);
    const faults = isDecisive(sight, certName(site)) ? faultsOf(sight, added) : 'unseen';
    if (faults === null || (faults === 'unseen' && isLedPast(sight))) return null;
    const left = deadline - ports.clock.monotonic();
    if (left <= 0) return faults;
    ports.progress(site.serverName.text, 'waiting for federation to work through the new SRV records');
    await ports.clock.sleep(Math.min(pause, left), ctx.signal);
  }
}

/** Names came from the config's resolvers, so an inner address is meant as far as something answers there. */
const OPTIONS = { pins: [], lab: true };

type Route = Pick<CheckOptions, 'withoutWellKnown'>;

const WITHOUT_WELL_KNOWN: Route = { withoutWellKnown: 'as if the well-known file could not be had' };

async function look(
  site: SiteConfig,
  dns: DnsClient,
  ports: Ports,
  ctx: Ctx,
  route: Route = {},
): Promise<ServerSight> {
  const looking = { ...ports, dns, https: await ports.https() };
  const sight = await lookAtRoute(site.serverName, { ...OPTIONS, ...route }, looking, ctx);
  if (site.certificate === null || !isDistrusted(sight)) return sight;
  const live = await ports.store.read(site.serverName.text);
  return live === null || 'broken' in live ? sight : trustingOwn(sight, live.facts.sha256);
}

/** What stands at the names of the plan before it, or would after it. */
function recordsOf(
  steps: readonly PlannedRecord[],
  which: 'before' | 'after',
): ReadonlyMap<DomainName, RRset | null> {
  return new Map(steps.map((step) => [step.name, step[which]]));
}

function warningsOf(
  sight: ServerSight,
  site: SiteConfig,
  steps: readonly PlannedRecord[],
  { added }: Switch,
): readonly Warning[] {
  const name = certName(site);
  if (isDecisive(sight, name)) return (faultsOf(sight, added) ?? []).map(warningOf);
  return decisive(steps, site).flatMap(({ after }) => (after === null ? [] : whyUnread(sight, after, name)));
}

/** Of the records of a site the one that peers ask for first. */
function decisive<Record extends { readonly name: DomainName }>(
  records: readonly Record[],
  site: SiteConfig,
): Record[] {
  return records.filter(({ name }) => name === srvName(site, 'matrix-fed'));
}

function refuse(step: PlannedRecord, refusal: DelegatedError): PlannedRecord {
  return step.changes.length === 0 ? step : { ...step, action: 'refuse', changes: [], refusal };
}
