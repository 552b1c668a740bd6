/**
 * Verb: the SRV records that the config wants, in the zones. Reads per zone, decides per site, never gives a site's
 * trouble to its neighbours.
 */
import { type Applied, applyRecords, switchIn } from './apply-records.ts';
import type { Config, SiteConfig } from './config/config.ts';
import { type DomainName, isWithin } from './dns/domain-name.ts';
import { guard, targetsToExamine } from './dns/guard.ts';
import { type PlannedRecord, planRecord } from './dns/plan.ts';
import { type DelegatedError, asDelegatedError } from './errors.ts';
import { removalWarnings, untilWarnings } from './federation/target-warnings.ts';
import type { Warning } from './federation/warning.ts';
import { groupBy } from './group-by.ts';
import { examineTarget } from './lookup.ts';
import { desiredRecords, srvName } from './matrix/delegation.ts';
import { type Place, locate } from './place.ts';
import { mapConcurrent } from './pool.ts';
import type { Ctx, Ports } from './ports.ts';
import { type Sights, readSights, sightOf } from './read-sights.ts';
import { type RecordReport, recordReport } from './report.ts';

export type ReconcileMode = 'plan' | 'apply' | 'adopt';

export interface ReconcileOutcome {
  readonly records: readonly RecordReport[];
  readonly errors: readonly DelegatedError[];
  readonly warnings: readonly Warning[];
}

export interface ReconcileOptions {
  /** Change records although that could cut federation. */
  readonly force?: boolean;
  /** Resolves when the certificates are served, or will not be: new targets are looked at after that. Default: now. */
  readonly ready?: Promise<unknown>;
}

const ZONES_AT_ONCE = 8;
const SITES_AT_ONCE = 16;
const SERVICES = ['matrix-fed', 'matrix'] as const;

/** By server name. Errors are per site; the verb itself never throws. */
export async function reconcile(
  sites: readonly SiteConfig[],
  mode: ReconcileMode,
  config: Config,
  options: ReconcileOptions,
  ports: Ports,
  ctx: Ctx,
): Promise<ReadonlyMap<string, ReconcileOutcome>> {
  const outcomes = new Map<string, ReconcileOutcome>();
  const fail = (site: SiteConfig, thrown: unknown, steps: readonly PlannedRecord[] = []): void => {
    outcomes.set(site.serverName.text, failed(site, asDelegatedError(thrown), steps, ports.clock.now()));
  };

  const unsettled = mode === 'plan' ? new Set<string>() : await openSwitches(config, ports, ctx);
  const places = await mapConcurrent(sites, SITES_AT_ONCE, (site) =>
    locate(site, ports, ctx).catch((error: unknown) => {
      fail(site, error);
      return null;
    }),
  );
  const groups = groupBy(
    places.flatMap((place) => place ?? []),
    zoneKey,
  );
  await mapConcurrent([...groups.values()], ZONES_AT_ONCE, async (group) => {
    const sights = await readAll(group, ctx).catch((error: unknown) => {
      for (const { site } of group) fail(site, error);
      return null;
    });
    if (sights === null) return;
    await mapConcurrent(group, SITES_AT_ONCE, async (place) => {
      let steps: readonly PlannedRecord[] = [];
      try {
        steps = await planSite(place, sights, mode, ports, ctx);
        const application = {
          place,
          steps,
          replan: async () => planSite(place, await readAll([place], ctx), mode, ports, ctx),
          force: options.force === true,
          ready: options.ready ?? Promise.resolve(),
          unsettled: unsettled.has(place.site.serverName.text),
        };
        const done =
          mode === 'plan'
            ? { steps, warnings: ahead(place.site, steps, ports) }
            : await applyRecords(application, config, ports, ctx);
        outcomes.set(place.site.serverName.text, succeeded(done));
      } catch (thrown) {
        fail(place.site, thrown, steps);
      }
    });
  });
  return outcomes;
}

/** What a plan and a status warn of: what the change would do to peers, and what goes by itself. */
function ahead(site: SiteConfig, steps: readonly PlannedRecord[], ports: Ports): readonly Warning[] {
  const now = ports.clock.now();
  return [...removalWarnings(switchIn(steps, site), site.srv, now), ...untilWarnings(site.srv, now)];
}

/** Sites whose last change was never proven; one that is gone from the config is not ours to prove any more. */
async function openSwitches(config: Config, ports: Ports, ctx: Ctx): Promise<ReadonlySet<string>> {
  try {
    const open = await ports.state.openSwitches();
    const known = new Set(config.sites.map(({ serverName }) => serverName.text));
    for (const name of open.filter((each) => !known.has(each))) await ports.state.clearSwitch(name);
    return new Set(open);
  } catch (thrown) {
    const { code, message } = asDelegatedError(thrown);
    ctx.log.warn('cannot list the changes of records that are not proven yet', { code, reason: message });
    // Any of them may be one; each is asked for by its name then.
    return new Set(config.sites.map(({ serverName }) => serverName.text));
  }
}

/** Two providers of the config may well be one account; what must not be mixed is reads through different ones. */
function zoneKey({ site, zone }: Place): string {
  return `${site.provider} ${zone.id}`;
}

async function readAll(group: readonly Place[], ctx: Ctx): Promise<Sights> {
  const [first] = group;
  if (first === undefined) return new Map();
  const names = group.flatMap((place) =>
    SERVICES.map((service) => srvName(place.site, service)).filter((name) => mayLie(name, place)),
  );
  return readSights(first.access, first.zone, names, ctx);
}

/** A zone that was given away for the one record alone has no room for the deprecated one, so none of ours is there. */
function mayLie(name: DomainName, { site, zone }: Place): boolean {
  return site.legacySrv || isWithin(name, zone.name);
}

async function planSite(
  place: Place,
  sights: Sights,
  mode: ReconcileMode,
  ports: Ports,
  ctx: Ctx,
): Promise<readonly PlannedRecord[]> {
  const { site, capabilities } = place;
  const policy = {
    owner: await ports.state.owner(),
    adopt: mode === 'adopt',
    byHand: capabilities.byHand === true,
  };
  const plan = desiredRecords(site, ports.clock.now()).flatMap((desired) => {
    const sight = mayLie(desired.name, place) ? sightOf(desired, sights) : null;
    return sight === null ? [] : (planRecord(sight, policy) ?? []);
  });
  const targets = targetsToExamine(plan);
  const facts = await mapConcurrent(targets, SITES_AT_ONCE, (target) => examineTarget(target, ports, ctx));
  return guard(plan, new Map(targets.map((target, index) => [target, facts[index] ?? { kind: 'none' }])));
}

function succeeded({ steps, warnings }: Applied): ReconcileOutcome {
  return {
    records: steps.map((step) => recordReport(step, false)),
    // Both records of a site may be refused for one reason.
    errors: [...new Set(steps.flatMap(({ refusal }) => refusal ?? []))],
    warnings,
  };
}

function failed(
  site: SiteConfig,
  error: DelegatedError,
  steps: readonly PlannedRecord[],
  now: Date,
): ReconcileOutcome {
  const known = steps.map((step) => recordReport(step, step.changes.length > 0));
  const unknown = desiredRecords(site, now)
    .filter(({ rrset }) => rrset !== null)
    .map(({ name, rrset: after }) =>
      recordReport({ name, action: 'keep', before: null, after, changes: [] }, true),
    );
  return { records: steps.length > 0 ? known : unknown, errors: [error], warnings: [] };
}
