/**
 * Verb: the laws of the provider contract, tried on somebody's own zone below a label that nobody else has. What
 * `delegated provider test` does.
 */
import type { Change } from './dns/change.ts';
import { under } from './dns/domain-name.ts';
import { fenceAround } from './dns/fence.ts';
import { DelegatedError, asDelegatedError } from './errors.ts';
import { serversToAsk } from './lookup.ts';
import type { Capabilities, Ctx, Endpoint, Ports } from './ports.ts';
import { awaitServed, propagationMs } from './propagation.ts';
import { TRIAL_LAWS, type TrialBench, type TrialLaw, lowestTtl } from './trial-laws.ts';
import { type ZoneAccess, zoneAccess } from './zone-access.ts';

export interface TrialStep {
  readonly title: string;
  readonly outcome: 'ok' | 'skipped' | 'failed';
  readonly error?: DelegatedError;
}

export interface TrialTarget {
  /** The provider's name in the config. */
  readonly provider: string;
  /** Name or id. */
  readonly zone: string;
  readonly nameServers: readonly Endpoint[];
  readonly propagationTimeoutMs?: number;
}

const LABEL_LENGTH = 10;
const CLEANUP_MS = 60_000;
/** Of a SHA-256 digest in base64url (RFC 8555 §8.4). */
const VALUE_LENGTH = 43;

/**
 * Removes what it made, whatever happens.
 * @param onStep hears of each law as soon as it is tried
 * @throws DelegatedError E_ZONE_NOT_FOUND when the provider has no such zone, and when the zone cannot be cleaned
 */
export async function tryProvider(
  target: TrialTarget,
  onStep: (step: TrialStep) => void,
  ports: Ports,
  ctx: Ctx,
): Promise<readonly TrialStep[]> {
  const place = await findPlace(target, ports, ctx);
  const bench = benchAt(place, target, ports, ctx);
  const steps: TrialStep[] = [];
  try {
    for (const law of TRIAL_LAWS) {
      const step = await tryLaw(law, bench, ctx);
      steps.push(step);
      onStep(step);
    }
  } finally {
    // Outlives Ctrl-C: what was made is removed all the same.
    const signal = AbortSignal.timeout(CLEANUP_MS);
    await cleanUp(benchAt(place, target, ports, { ...ctx, signal }));
  }
  return steps;
}

async function tryLaw({ title, needs, run }: TrialLaw, bench: TrialBench, ctx: Ctx): Promise<TrialStep> {
  if (!needs(bench.capabilities)) return { title, outcome: 'skipped' };
  try {
    await run(bench);
    return { title, outcome: 'ok' };
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (ctx.signal.aborted) throw error;
    return { title, outcome: 'failed', error };
  }
}

type Place = Pick<TrialBench, 'zone' | 'capabilities' | 'srvKey' | 'txtKey' | 'values'> & {
  readonly access: ZoneAccess;
};

async function findPlace(target: TrialTarget, ports: Ports, ctx: Ctx): Promise<Place> {
  const provider = await ports.provider(target.provider);
  const access = zoneAccess(provider, ports.clock);
  const zone = await access.namedZone(target.zone, ctx);
  if (zone === null)
    throw new DelegatedError(
      'E_ZONE_NOT_FOUND',
      `the provider "${target.provider}" has no zone "${target.zone}"`,
      { hint: 'name a zone that these credentials serve' },
    );
  const label = `delegated-test-${ports.dice.token(LABEL_LENGTH)}`;
  return {
    access,
    zone,
    capabilities: provider.capabilities,
    srvKey: { name: under(`_matrix-fed._tcp.${label}`, zone.name), type: 'SRV' },
    txtKey: { name: under(`_acme-challenge.${label}`, zone.name), type: 'TXT' },
    values: [ports.dice.token(VALUE_LENGTH), ports.dice.token(VALUE_LENGTH)],
  };
}

function benchAt(place: Place, target: TrialTarget, ports: Ports, ctx: Ctx): TrialBench {
  const { access, zone, srvKey, txtKey, capabilities } = place;
  const fence = fenceAround([srvKey, txtKey]);
  const waitingFor = (names: readonly string[]): void => {
    ports.progress(target.provider, `waiting for ${names.join(', ')} to serve ${txtKey.name} TXT`);
  };
  return {
    ...place,
    find: (name) => access.findZone(name, ctx),
    read: async (key) => (await access.read(zone, [key], ctx))[0] ?? null,
    write: (...changes) => access.write(zone, changes, fence, ctx),
    served: async (value) =>
      awaitServed(
        {
          ...txtKey,
          description: `"${value}"`,
          seen: ({ answers }) => answers.some((each) => each.type === 'TXT' && each.data === value),
        },
        await serversToAsk(zone.name, target.nameServers, ports, ctx),
        propagationMs(target.propagationTimeoutMs, capabilities),
        { ...ports, waitingFor },
        ctx,
      ),
  };
}

/** What cannot be read is removed by its values. */
async function cleanUp({ read, write, srvKey, txtKey, values, capabilities }: TrialBench): Promise<void> {
  const srv = readsSrv(capabilities) ? await read(srvKey) : null;
  const changes: Change[] = [{ op: 'remove', ...txtKey, ttl: lowestTtl(capabilities), values }];
  if (srv !== null) changes.unshift({ op: 'delete', rrset: srv });
  await write(...changes);
}

function readsSrv({ reads, types }: Capabilities): boolean {
  return reads && types.includes('SRV');
}
