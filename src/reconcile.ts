/**
 * Verb: the SRV records that the config wants, in the zones. Reads per zone, decides per site, never gives a site's
 * trouble to its neighbours.
 */
import type { Config, SiteConfig } from './config/config.ts';
import { type DomainName, isWithin } from './dns/domain-name.ts';
import { fenceAround, recordKeys } from './dns/fence.ts';
import { guard, targetsToExamine } from './dns/guard.ts';
import { type PlannedRecord, planRecord } from './dns/plan.ts';
import { presentation, sameValues } from './dns/rrset.ts';
import type { Zone } from './dns/zone.ts';
import { DelegatedError, asDelegatedError } from './errors.ts';
import { groupBy } from './group-by.ts';
import { examineTarget, serversToAsk } from './lookup.ts';
import { desiredRecords } from './matrix/delegation.ts';
import { mapConcurrent } from './pool.ts';
import type { Capabilities, Ctx, DnsResponse, Ports } from './ports.ts';
import { awaitServed, propagationMs } from './propagation.ts';
import { type Sights, readSights, sightOf } from './read-sights.ts';
import { type RecordReport, recordReport } from './report.ts';
import { type ZoneAccess, zoneAccess } from './zone-access.ts';

export type ReconcileMode = 'plan' | 'apply' | 'adopt';

export interface ReconcileOutcome {
  readonly records: readonly RecordReport[];
  readonly errors: readonly DelegatedError[];
}

interface Place {
  readonly site: SiteConfig;
  readonly access: ZoneAccess;
  readonly zone: Zone;
  readonly capabilities: Capabilities;
}

const ZONES_AT_ONCE = 8;
const SITES_AT_ONCE = 16;
const CONFLICT_ROUNDS = 3;

/** By server name. Errors are per site; the verb itself never throws. */
export async function reconcile(
  sites: readonly SiteConfig[],
  mode: ReconcileMode,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<ReadonlyMap<string, ReconcileOutcome>> {
  const outcomes = new Map<string, ReconcileOutcome>();
  const fail = (site: SiteConfig, thrown: unknown, steps: readonly PlannedRecord[] = []): void => {
    outcomes.set(site.serverName.text, failed(site, asDelegatedError(thrown), steps));
  };

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
        const done = mode === 'plan' ? steps : await carryOut(place, steps, mode, config, ports, ctx);
        outcomes.set(place.site.serverName.text, succeeded(done));
      } catch (thrown) {
        fail(place.site, thrown, steps);
      }
    });
  });
  return outcomes;
}

async function locate(site: SiteConfig, ports: Ports, ctx: Ctx): Promise<Place> {
  const provider = await ports.provider(site.provider);
  const { types, reads } = provider.capabilities;
  if (!types.includes('SRV') || !reads)
    throw new DelegatedError(
      'E_PROVIDER_UNSUPPORTED',
      `the provider "${site.provider}" cannot ${types.includes('SRV') ? 'be read, so it cannot hold' : 'write'} SRV records`,
      {
        hint: `let it answer challenges only (\`challenge: { provider: ${site.provider} }\`), and name another provider as the \`provider\` of the site`,
      },
    );
  const access = zoneAccess(provider, ports.clock);
  const [{ name }] = desiredRecords(site);
  const zone =
    site.zone === undefined ? await access.findZone(name, ctx) : await access.namedZone(site.zone, ctx);
  if (zone === null)
    throw new DelegatedError(
      'E_ZONE_NOT_FOUND',
      `the provider "${site.provider}" has no zone ${site.zone === undefined ? `for ${name}` : `"${site.zone}"`}`,
      {
        hint: 'does it host this domain, and do the credentials cover the zone? `zone:` of the site names it where discovery cannot',
      },
    );
  if (!isWithin(name, zone.name))
    throw new DelegatedError(
      'E_ZONE_NOT_FOUND',
      `${name} does not lie in the zone "${site.zone ?? zone.name}" that the config names`,
    );
  return { site, access, zone, capabilities: provider.capabilities };
}

/** Two providers of the config may well be one account; what must not be mixed is reads through different ones. */
function zoneKey({ site, zone }: Place): string {
  return `${site.provider} ${zone.id}`;
}

async function readAll(group: readonly Place[], ctx: Ctx): Promise<Sights> {
  const [first] = group;
  if (first === undefined) return new Map();
  const names = group.flatMap(({ site }) => desiredRecords(site).map(({ name }) => name));
  return readSights(first.access, first.zone, names, ctx);
}

async function planSite(
  { site, capabilities }: Place,
  sights: Sights,
  mode: ReconcileMode,
  ports: Ports,
  ctx: Ctx,
): Promise<readonly PlannedRecord[]> {
  const policy = {
    owner: await ports.state.owner(),
    adopt: mode === 'adopt',
    byHand: capabilities.byHand === true,
  };
  const plan = desiredRecords(site).flatMap((desired) => {
    const sight = sightOf(desired, sights);
    return sight === null ? [] : (planRecord(sight, policy) ?? []);
  });
  const targets = targetsToExamine(plan);
  const facts = await mapConcurrent(targets, SITES_AT_ONCE, (target) => examineTarget(target, ports, ctx));
  return guard(plan, new Map(targets.map((target, index) => [target, facts[index] ?? { kind: 'none' }])));
}

/** Writes, and after a conflict or an unknown outcome looks again and decides again. Returns what was done in all. */
async function carryOut(
  place: Place,
  planned: readonly PlannedRecord[],
  mode: ReconcileMode,
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
      steps = await planSite(place, await readAll([place], ctx), mode, ports, ctx);
    }
  }
  remember(steps, done);
  const all = [...done.values()];
  const written = all.filter((step) => step.changes.length > 0);
  await proveServed(place, written, config, ports, ctx);
  return all;
}

function remember(steps: readonly PlannedRecord[], done: Map<DomainName, PlannedRecord>): void {
  for (const step of steps) if (step.action !== 'keep' || !done.has(step.name)) done.set(step.name, step);
}

async function proveServed(
  { site, zone, capabilities }: Place,
  written: readonly PlannedRecord[],
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  if (written.length === 0) return;
  const configured = config.providers.get(site.provider)?.nameServers ?? [];
  const servers = await serversToAsk(zone.name, configured, ports, ctx);
  await Promise.all(
    written.map((step) =>
      awaitServed(
        {
          name: step.name,
          type: 'SRV',
          description: step.after === null ? '(deleted)' : presentation(step.after).join(', '),
          seen: (response) => holds(response, step),
        },
        servers,
        propagationMs(config.propagationTimeoutMs, capabilities),
        {
          ...ports,
          waitingFor: (names) =>
            ports.progress(site.serverName.text, `waiting for ${names.join(', ')} to serve ${step.name} SRV`),
        },
        ctx,
      ),
    ),
  );
}

function holds(response: DnsResponse, { name, after }: PlannedRecord): boolean {
  const values = response.answers.flatMap((record) =>
    record.type === 'SRV' && record.name === name ? [record.data] : [],
  );
  if (after === null) return values.length === 0;
  return values.length > 0 && sameValues({ ...after, values }, after);
}

function succeeded(steps: readonly PlannedRecord[]): ReconcileOutcome {
  return {
    records: steps.map((step) => recordReport(step, false)),
    errors: steps.flatMap(({ refusal }) => refusal ?? []),
  };
}

function failed(site: SiteConfig, error: DelegatedError, steps: readonly PlannedRecord[]): ReconcileOutcome {
  const known = steps.map((step) => recordReport(step, step.changes.length > 0));
  const unknown = desiredRecords(site)
    .filter(({ rrset }) => rrset !== null)
    .map(({ name, rrset: after }) =>
      recordReport({ name, action: 'keep', before: null, after, changes: [] }, true),
    );
  return { records: steps.length > 0 ? known : unknown, errors: [error] };
}
