/**
 * Verb: takes back the challenge values of runs that ended before they could, whatever became of the config meanwhile.
 * Nothing is touched that is not in a journal, and a journal is forgotten only when its values are surely gone.
 */
import { removeChallenges } from './challenges.ts';
import type { Config } from './config/config.ts';
import type { DomainName } from './dns/domain-name.ts';
import { type DelegatedError, asDelegatedError } from './errors.ts';
import { groupBy } from './group-by.ts';
import { serversToAsk } from './lookup.ts';
import { firstProof } from './name-servers.ts';
import type { Ctx, Ports } from './ports.ts';
import type { ChallengeValue, Journal } from './schedule/state.ts';
import { zoneAccess } from './zone-access.ts';

/** Milliseconds. What a provider was told longer ago than this, and no name server has, will not appear any more. */
const SETTLED_MS = 3_600_000;
const DAY_MS = 24 * 3_600_000;

/**
 * Takes back what an unfinished issuance left in the zones, and forgets it. What would not go is set aside, in a journal
 * that no site resumes, and is tried again by later runs: it keeps nobody from a certificate.
 * @throws DelegatedError E_STATE
 */
export async function sweep(lineage: string, config: Config, ports: Ports, ctx: Ctx): Promise<void> {
  const journal = await ports.state.readJournal(lineage);
  if (journal === null) return;
  if (journal.retryAt !== undefined && isPaused(journal.retryAt, ports.clock.now())) return;
  if (journal.challenges.length > 0)
    ctx.log.info('removing challenge values that an interrupted run left behind', {
      site: journal.serverName,
      names: journal.challenges.map(({ name }) => name),
    });
  const left = await takeBackValues(journal, config, ports, ctx);
  if (journal.retryAt === undefined) await setAside(journal, left, ports);
  else if (left.length > 0)
    await ports.state.writeJournal(lineage, {
      ...journal,
      challenges: left,
      retryAt: nextTry(journal, ports),
    });
  if (journal.retryAt === undefined || left.length === 0) await ports.state.clearJournal(lineage);
}

/** A moment further off than any that we write down was written by a clock that was wrong. */
function isPaused(retryAt: Date, now: Date): boolean {
  const left = retryAt.getTime() - now.getTime();
  return left > 0 && left <= DAY_MS;
}

/** Into a journal of their own. Written before they leave the one that they are in. */
export async function setAside(
  journal: Journal,
  values: readonly ChallengeValue[],
  ports: Ports,
): Promise<void> {
  if (values.length === 0) return;
  // Never the name of a site.
  const lineage = `stale ${journal.serverName}`;
  const before = await ports.state.readJournal(lineage);
  const { orderUrl: _url, privateKey: _key, unasked: _unasked, ...rest } = journal;
  await ports.state.writeJournal(lineage, {
    ...rest,
    retryAt: nextTry(journal, ports),
    challenges: [...(before?.challenges ?? []), ...values],
  });
}

/** Values that a run may still find in their zones. Each zone is tried, whatever happens to the others. */
export async function takeBackValues(
  journal: Journal,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<ChallengeValue[]> {
  const settled = ports.clock.now().getTime() - journal.startedAt.getTime() >= SETTLED_MS;
  const groups = groupBy(journal.challenges, ({ provider, zoneId }) => `${provider} ${zoneId}`);
  const left = await Promise.all(
    [...groups.values()].map(async (values) => {
      const failure = await removed(values, ports, ctx);
      const elsewhere = failure === null ? false : await removedElsewhere(values, config, ports, ctx);
      const seen = await Promise.all(values.map(async (value) => look(value, config, ports, ctx)));
      const stay = values.filter((_, index) => {
        if (seen[index] === 'there') return true;
        // The provider has said so itself, and no name server contradicts it.
        if (failure === null) return false;
        return !(seen[index] === 'gone' && (elsewhere || settled));
      });
      if (stay.length > 0) warn(journal, stay, failure, ctx);
      return stay;
    }),
  );
  return left.flat();
}

async function removed(
  values: readonly ChallengeValue[],
  ports: Ports,
  ctx: Ctx,
): Promise<DelegatedError | null> {
  try {
    await removeChallenges(values, ports, ctx);
    return null;
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code === 'E_BUG' || ctx.signal.aborted) throw thrown;
    return error;
  }
}

/** The provider that wrote them may have another name by now, or the zone another account. */
async function removedElsewhere(
  values: readonly ChallengeValue[],
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<boolean> {
  for (const provider of config.providers.keys()) {
    if (values.some((value) => value.provider === provider)) continue;
    try {
      const adapter = await ports.provider(provider);
      // Asking a person to remove what may stand in somebody else's zone would be a riddle.
      if (adapter.capabilities.byHand === true || !adapter.capabilities.reads) continue;
      const moved = await relocated(values, provider, (name) =>
        zoneAccess(adapter, ports.clock).findZone(name, ctx),
      );
      if (moved === null) continue;
      await removeChallenges(moved, ports, ctx);
      return true;
    } catch (thrown) {
      if (ctx.signal.aborted) throw thrown;
      const reason = asDelegatedError(thrown).message;
      ctx.log.debug('another provider could not remove challenge values either', { provider, reason });
    }
  }
  return false;
}

async function relocated(
  values: readonly ChallengeValue[],
  provider: string,
  findZone: (name: DomainName) => Promise<{ readonly id: string; readonly name: DomainName } | null>,
): Promise<ChallengeValue[] | null> {
  const moved: ChallengeValue[] = [];
  for (const value of values) {
    const zone = await findZone(value.name);
    if (zone === null || zone.name !== value.zoneName) return null;
    moved.push({ ...value, provider, zoneId: zone.id });
  }
  return moved;
}

/** What every authoritative server says; `unknown` where one of them says nothing, or does not speak for the zone. */
async function look(
  { name, value, zoneName, provider, nameServers }: ChallengeValue,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<'there' | 'gone' | 'unknown'> {
  try {
    const configured = nameServers ?? config.providers.get(provider)?.nameServers ?? [];
    const servers = await serversToAsk(zoneName, configured, ports, ctx);
    const seen = await Promise.all(
      servers.flatMap((server) =>
        server.endpoints.map(async (endpoint) =>
          firstProof([{ ...server, endpoints: [endpoint] }], { name, type: 'TXT' }, ports, ctx).then(
            ({ answers }) =>
              answers.some((record) => record.type === 'TXT' && record.data === value) ? 'there' : 'gone',
            () => 'unknown' as const,
          ),
        ),
      ),
    );
    if (seen.includes('there')) return 'there';
    const allAsked = servers.length > 0 && servers.every((server) => server.endpoints.length > 0);
    return allAsked && seen.every((each) => each === 'gone') ? 'gone' : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Soon after the run that left them, and more and more seldom: each pause is as long as they stand, a day at most. */
function nextTry({ startedAt }: Journal, { clock }: Ports): Date {
  const now = clock.now().getTime();
  return new Date(now + Math.min(DAY_MS, Math.max(0, now - startedAt.getTime())));
}

function warn(
  { serverName }: Journal,
  values: readonly ChallengeValue[],
  failure: DelegatedError | null,
  ctx: Ctx,
): void {
  ctx.log.warn(
    'challenge values of an earlier run are still there; remove them by hand, or put their provider back',
    {
      site: serverName,
      records: values.map(({ name, value }) => `${name} TXT "${value}"`),
      reason: failure?.message ?? 'the provider has removed them, and a name server still has them',
    },
  );
}
