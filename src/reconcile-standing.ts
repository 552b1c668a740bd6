/**
 * Verb: the standing values of dns-persist-01 in the zones, beside the SRV records. What authorizes our account is ours;
 * everything else that stands at those names stays.
 */
import { planStanding } from './acme/plan-standing.ts';
import { isOver, standingText } from './acme/standing-value.ts';
import { placeOf } from './challenges.ts';
import type { Config, PersistConfig, SiteConfig } from './config/config.ts';
import type { Change } from './dns/change.ts';
import { fenceAround } from './dns/fence.ts';
import { txtText } from './dns/rrset.ts';
import { DelegatedError, asDelegatedError } from './errors.ts';
import { mapConcurrent } from './pool.ts';
import type { Ctx, Ports } from './ports.ts';
import { awaitStanding } from './await-standing.ts';
import type { ReconcileMode, ReconcileOutcome } from './reconcile.ts';
import type { RecordReport } from './report.ts';
import { type StandingAccount, type StandingName, standingName, validatedDomains } from './standing-names.ts';
import { zoneAccess } from './zone-access.ts';

const SITES_AT_ONCE = 16;

/** Why nobody can tell yet what has to stand there. */
export const NO_ACCOUNT = 'unknown until the account at the CA exists, which `delegated renew` makes';
export const NO_ISSUER = 'unknown until an order: the directory of the CA does not say which name it goes by';

/** By server name, those that need standing values only. Errors are per site; the verb itself never throws. */
export async function reconcileStanding(
  sites: readonly SiteConfig[],
  mode: ReconcileMode,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<ReadonlyMap<string, ReconcileOutcome>> {
  const outcomes = new Map<string, ReconcileOutcome>();
  const concerned = sites.filter((site) => site.persist !== undefined && site.certificate !== null);
  if (concerned.length === 0) return outcomes;
  const ours = standingAccount(mode, config, ports, ctx);
  // Whoever awaits it below is told.
  ours.catch(() => undefined);
  await mapConcurrent(concerned, SITES_AT_ONCE, async (site) => {
    outcomes.set(site.serverName.text, await reconcileSite(site, ours, mode, config, ports, ctx));
  });
  return outcomes;
}

/** Null while there is no account; only who writes makes one. */
export async function standingAccount(
  mode: ReconcileMode,
  { acme: { directoryUrl } }: Config,
  ports: Pick<Ports, 'acme' | 'account'>,
  ctx: Ctx,
): Promise<StandingAccount | null> {
  const acme = await ports.acme(directoryUrl);
  if (mode !== 'plan') await acme.account(ctx);
  const account = await ports.account(directoryUrl);
  return account === null ? null : { account, directory: await acme.directory(ctx) };
}

async function reconcileSite(
  site: SiteConfig,
  ours: Promise<StandingAccount | null>,
  mode: ReconcileMode,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<ReconcileOutcome> {
  const { persist } = site;
  const domains = validatedDomains(site);
  const records: RecordReport[] = [];
  const errors: DelegatedError[] = [];
  for (const domain of domains) {
    const base = { name: domain.name, type: 'TXT', before: null, after: null, ttl: site.ttl } as const;
    try {
      const known = await ours;
      const standing = known === null || persist === undefined ? null : standingName(domain, persist, known);
      if (standing?.wanted == null)
        records.push({ ...base, action: 'create', unknown: standing === null ? NO_ACCOUNT : NO_ISSUER });
      else records.push(await publishStanding(site, standing, mode, config, ports, ctx));
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      // What no waiting heals was not even tried.
      const refused = error.code === 'E_STANDING_VALUE' && error.retry.kind === 'never';
      records.push({ ...base, action: refused ? 'refuse' : 'fail' });
      if (!errors.some(({ message }) => message === error.message)) errors.push(error);
    }
  }
  return { records, errors, warnings: [] };
}

/**
 * Brings one standing value in, takes out what says something else for the same account, and waits until it is served.
 * @throws DelegatedError E_STANDING_VALUE for one that would count no more
 */
export async function publishStanding(
  site: SiteConfig,
  standing: StandingName,
  mode: ReconcileMode,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<RecordReport> {
  const { wanted, need, name } = standing;
  if (wanted === null) throw new DelegatedError('E_BUG', `nobody knows the standing value of ${name}`);
  if (isOver(wanted, ports.clock.now()))
    throw new DelegatedError(
      'E_STANDING_VALUE',
      `the standing value for ${name} would count no more: \`challenge.persistUntil\` was ${wanted.persistUntil?.toISOString() ?? ''}`,
      { hint: 'move `challenge.persistUntil` of the site ahead' },
    );
  const place = await placeOf(site, name, config, ports, ctx);
  const provider = await ports.provider(place.provider);
  if (!provider.capabilities.reads)
    throw new DelegatedError(
      'E_PROVIDER_UNSUPPORTED',
      `the provider "${place.provider}" cannot be read, so it cannot hold standing values`,
      { hint: 'use dns-01 with it, or name a provider of the type `manual` in `challenge.provider`' },
    );
  const access = zoneAccess(provider, ports.clock);
  const zone = { id: place.zoneId, name: place.zoneName };
  const key = { name: place.name, type: 'TXT' } as const;
  const [found] = await access.read(zone, [key], ctx);
  const texts = found?.type === 'TXT' ? found.values : [];
  const { before, add, remove } = planStanding(texts, need, wanted);
  const changes: Change[] = [
    ...(add.length === 0 ? [] : [{ op: 'add', ...key, ttl: site.ttl, values: add } as const]),
    ...(remove.length === 0 ? [] : [{ op: 'remove', ...key, ttl: site.ttl, values: remove } as const]),
  ];
  if (changes.length > 0 && mode !== 'plan') {
    const write = () => access.write(zone, changes, fenceAround([key]), ctx);
    // Both operations are idempotent, so an unknown outcome is settled by doing it once more.
    await write().catch((thrown: unknown) => {
      const error = asDelegatedError(thrown);
      if (error.outcome === 'not-applied' || ctx.signal.aborted) throw error;
      return write();
    });
    await awaitStanding(site, [standing], config, ports, ctx);
  }
  return {
    name,
    type: 'TXT',
    action: changes.length === 0 ? 'keep' : before.length === 0 ? 'create' : 'update',
    before: before.length === 0 ? null : before.map(txtText).toSorted(),
    after: [txtText(changes.length === 0 ? (before[0] ?? '') : standingText(wanted))],
    ttl: found?.ttl ?? site.ttl,
  };
}

/** What an order asks for, by the names that its challenges call the CA by. */
export function standingNamesFor(
  site: SiteConfig,
  persist: PersistConfig,
  known: StandingAccount,
  issuers?: readonly string[],
): StandingName[] {
  return validatedDomains(site).map((domain) => standingName(domain, persist, known, issuers));
}
