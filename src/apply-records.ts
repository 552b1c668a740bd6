/** Carries out the plan for one site: what could cut federation goes through `cut-over.ts`, everything else straight in. */
import type { Config, SiteConfig } from './config/config.ts';
import type { DomainName } from './dns/domain-name.ts';
import { fenceAround, recordKeys } from './dns/fence.ts';
import type { PlannedRecord } from './dns/plan.ts';
import { DelegatedError, asDelegatedError } from './errors.ts';
import type { BeforeWrite, Settlement } from './cut-over.ts';
import { type Switch, switchOf } from './federation/switch.ts';
import { removalWarnings } from './federation/target-warnings.ts';
import type { Warning } from './federation/warning.ts';
import { serversToAsk } from './lookup.ts';
import type { NameServer } from './name-servers.ts';
import { srvName } from './matrix/delegation.ts';
import type { Place } from './place.ts';
import type { Ctx, Ports } from './ports.ts';
import { propagationMs } from './propagation.ts';
import { awaitRecords } from './served-records.ts';

export interface Application {
  readonly place: Place;
  readonly steps: readonly PlannedRecord[];
  /** Reads again and decides again. */
  readonly replan: () => Promise<readonly PlannedRecord[]>;
  /** Change records although that could cut federation. */
  readonly force: boolean;
  /** Resolves when the certificate of the site is served, or will not be. */
  readonly ready: Promise<unknown>;
  /** An earlier run changed the records, and did not live to see whether that works. */
  readonly unsettled: boolean;
}

export interface Applied {
  readonly steps: readonly PlannedRecord[];
  readonly warnings: readonly Warning[];
}

const CONFLICT_ROUNDS = 3;

export async function applyRecords(
  application: Application,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<Applied> {
  const { place, steps, force, ready } = application;
  const { site } = place;
  if (application.unsettled) await settleLast(application, config, ports, ctx);
  const change = switchIn(steps, site);
  const removals = removalWarnings(change, site.srv, ports.clock.now());
  if (!site.proveTargets || change.kind === 'none')
    return { steps: await carryOut(application, noted, config, ports, ctx), warnings: removals };
  const { cutOver } = await import('./cut-over.ts');
  const write = (before: BeforeWrite): Promise<readonly PlannedRecord[]> =>
    carryOut(application, before, config, ports, ctx);
  const job = { site, steps, change, force, ready, write };
  const done = await cutOver(job, settlementOf(place, config, ports, ctx), ports, ctx);
  const refused = done.steps.some(({ action }) => action === 'refuse');
  return refused ? done : { steps: done.steps, warnings: [...done.warnings, ...removals] };
}

/** What the plan does to the record that peers ask for first; the deprecated one follows it. */
export function switchIn(steps: readonly PlannedRecord[], site: SiteConfig): Switch {
  const step = steps.find(({ name }) => name === srvName(site, 'matrix-fed'));
  return step?.after == null || step.changes.length === 0
    ? { kind: 'none', added: [], removed: [] }
    : switchOf(step.before, step.after);
}

/** Proves or takes back what an earlier run wrote, if it still stands; whoever forces, or has changed it since, knows. */
async function settleLast(
  { place, force }: Application,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const { site } = place;
  const open = await ports.state.readSwitch(site.serverName.text);
  const [{ settle }, { standsAsWritten }] = await Promise.all([
    import('./cut-over.ts'),
    import('./take-back.ts'),
  ]);
  if (open !== null && site.proveTargets && !force && (await standsAsWritten(place, open.records, ctx)))
    await settle(open, settlementOf(place, config, ports, ctx), ports, ctx);
  else await ports.state.clearSwitch(site.serverName.text);
}

function settlementOf(place: Place, config: Config, ports: Ports, ctx: Ctx): Settlement {
  return {
    site: place.site,
    servers: () => serversOf(place, config, ports, ctx),
    async takeBack({ records }) {
      if (place.capabilities.byHand === true)
        throw new DelegatedError('E_PROVIDER_UNSUPPORTED', 'only a person can change records here');
      const { takeBack } = await import('./take-back.ts');
      const steps = await takeBack(place, records, ctx);
      try {
        await awaitServed(place, steps, config, ports, ctx);
      } catch (thrown) {
        if (ctx.signal.aborted) throw thrown;
        // They stand where they are written; a name server that lags is another matter.
        ctx.log.warn('the old records are back, and not every name server is seen to have them yet', {
          site: place.site.serverName.text,
          reason: asDelegatedError(thrown).message,
        });
      }
    },
  };
}

const noted: BeforeWrite = () => Promise.resolve();

/** Writes, and after a conflict or an unknown outcome looks again and decides again. Returns what was done in all. */
async function carryOut(
  { place, steps: planned, replan }: Application,
  before: BeforeWrite,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<readonly PlannedRecord[]> {
  const fence = fenceAround(recordKeys(planned.map(({ name }) => name)));
  const done = new Map<DomainName, PlannedRecord>();
  let steps = planned;
  for (let round = 1; ; round += 1) {
    const changes = steps.flatMap((step) => step.changes);
    if (changes.length === 0) break;
    try {
      // Also what an earlier round may have written: all of it has to be known to be taken back.
      const all = new Map(done);
      remember(steps, all);
      await before([...all.values()]);
      await place.access.write(place.zone, changes, fence, ctx);
      break;
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      const lookAgain = error.code === 'E_PROVIDER_CONFLICT' || error.outcome !== 'not-applied';
      if (!lookAgain || round === CONFLICT_ROUNDS || ctx.signal.aborted) throw error;
      // What stands there as wanted at the next look, or is gone, may well be our doing.
      if (error.outcome !== 'not-applied') remember(steps, done);
      ctx.log.info('the record is not as we read it, deciding again', {
        zone: place.zone.name,
        reason: error.message,
      });
      steps = await replan();
    }
  }
  remember(steps, done);
  const all = [...done.values()];
  const written = all.filter((step) => step.changes.length > 0);
  await awaitServed(place, written, config, ports, ctx);
  return all;
}

function remember(steps: readonly PlannedRecord[], done: Map<DomainName, PlannedRecord>): void {
  for (const step of steps) if (step.action !== 'keep' || !done.has(step.name)) done.set(step.name, step);
}

async function awaitServed(
  place: Place,
  written: readonly PlannedRecord[],
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  if (written.length === 0) return;
  const servers = await serversOf(place, config, ports, ctx);
  const timeoutMs = propagationMs(config.propagationTimeoutMs, place.capabilities);
  await awaitRecords(place.site, written, servers, timeoutMs, ports, ctx);
}

function serversOf({ site, zone }: Place, config: Config, ports: Ports, ctx: Ctx): Promise<NameServer[]> {
  return serversToAsk(zone.name, config.providers.get(site.provider)?.nameServers ?? [], ports, ctx);
}
