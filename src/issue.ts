/**
 * Verb: one certificate. Order → challenges → finalize → store, each step in the journal before it touches the world,
 * so that a run which dies anywhere is finished or taken back by the next one.
 */
import type { Authorization, Order } from './acme/order.ts';
import { nextPoll } from './acme/poll.ts';
import { locateChallenges, publishChallenges, removeChallenges } from './challenges.ts';
import type { CertificateConfig, Config, SiteConfig } from './config/config.ts';
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import { BACKOFF, DelegatedError, asDelegatedError, retryAt } from './errors.ts';
import { certName } from './matrix/delegation.ts';
import type { AcmeClient, CertificateMaterial, Ctx, Ports, StoredVersion } from './ports.ts';
import { mayOrder } from './schedule/ledger.ts';
import type { Journal } from './schedule/state.ts';

/** How long the values may take to go once the order is over or was stopped. Milliseconds. */
const CLEANUP_TIMEOUT_MS = 8_000;

export interface IssueOptions {
  /** Go past the ledger. */
  readonly force: boolean;
}

interface Issuance {
  readonly site: SiteConfig;
  readonly certificate: CertificateConfig;
  readonly config: Config;
  readonly ports: Ports;
  readonly acme: AcmeClient;
  readonly ctx: Ctx;
  readonly lineage: string;
  journal: Journal;
}

/** Names that the certificate must carry: the one that federation demands first. */
export function wantedNames(site: SiteConfig): DomainName[] {
  return [...new Set([certName(site), ...(site.certificate?.names ?? [])])];
}

/**
 * @throws DelegatedError of whatever stopped it. The live version is untouched then, our challenge values are gone or in
 * the journal, and an order that is still good is resumed by the next call.
 */
export async function issue(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  options: IssueOptions,
  ports: Ports,
  ctx: Ctx,
): Promise<StoredVersion> {
  const deadline = AbortSignal.timeout(config.acme.timeoutMs);
  const bounded: Ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, deadline]) };
  try {
    return await run(site, certificate, config, options, ports, bounded);
  } catch (thrown) {
    if (!deadline.aborted || ctx.signal.aborted) throw thrown;
    throw new DelegatedError('E_ACME_TIMEOUT', `no certificate after ${config.acme.timeoutMs / 1_000} s`, {
      hint: 'the order is kept and the next run goes on with it; `acme.timeout` gives it longer',
      retry: BACKOFF,
      cause: thrown,
    });
  }
}

async function run(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  options: IssueOptions,
  ports: Ports,
  ctx: Ctx,
): Promise<StoredVersion> {
  const lineage = site.serverName.text;
  const acme = await ports.acme();
  const open = await resumable(site, certificate, config, ports, ctx);
  const journal = open ?? (await openJournal(site, certificate, config, options, ports));
  const issuance: Issuance = { site, certificate, config, ports, acme, ctx, lineage, journal };
  await acme.account(ctx);
  const order = await placeOrder(issuance, open !== null, options);
  try {
    const ready = await authorize(issuance, order);
    const [pem] = await Promise.all([finalize(issuance, ready), cleanUp(issuance)]);
    const version = await store(issuance, pem);
    await ports.state.clearJournal(lineage);
    return version;
  } catch (thrown) {
    await takeBack(issuance, asDelegatedError(thrown));
    throw thrown;
  }
}

/** The journal of an earlier run, when it was for what we want now. Another one is taken back first. */
async function resumable(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<Journal | null> {
  const journal = await ports.state.readJournal(site.serverName.text);
  if (journal === null) return null;
  const names = wantedNames(site);
  const same =
    journal.ca === config.acme.directoryUrl &&
    journal.keyType === certificate.keyType &&
    journal.names.length === names.length &&
    names.every((name) => journal.names.includes(name));
  if (same) return journal;
  await sweep(site.serverName.text, ports, ctx);
  return null;
}

/** Takes back what an unfinished issuance left in the zones, and forgets it. */
export async function sweep(lineage: string, ports: Ports, ctx: Ctx): Promise<void> {
  const journal = await ports.state.readJournal(lineage);
  if (journal === null) return;
  if (journal.challenges.length > 0) {
    ctx.log.info('removing challenge values that an interrupted run left behind', {
      site: journal.serverName,
      names: journal.challenges.map(({ name }) => name),
    });
    await removeChallenges(journal.challenges, ports, ctx);
  }
  await ports.state.clearJournal(lineage);
}

async function openJournal(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  options: IssueOptions,
  ports: Ports,
): Promise<Journal> {
  const names = wantedNames(site);
  await enterLedger(names, config.acme.directoryUrl, options, ports);
  const keys = await ports.keys();
  const journal: Journal = {
    serverName: site.serverName.text,
    ca: config.acme.directoryUrl,
    names,
    keyType: certificate.keyType,
    startedAt: ports.clock.now(),
    privateKey: await keys.privateKey(certificate.keyType),
    challenges: [],
  };
  await ports.state.writeJournal(site.serverName.text, journal);
  return journal;
}

/** Written before the CA is asked: an attempt that we forget is one that we would repeat for ever. */
async function enterLedger(
  names: readonly DomainName[],
  ca: string,
  { force }: IssueOptions,
  ports: Ports,
): Promise<void> {
  const now = ports.clock.now();
  const verdict = mayOrder(await ports.state.readLedger(), { ca, names, now });
  if (!verdict.allowed && !force)
    throw new DelegatedError(
      'E_ACME_LEDGER',
      `enough orders for ${names.map(relativeToRoot).join(', ')} of late; the next one is allowed at ${verdict.retryAt.toISOString()}`,
      {
        hint: 'look at the earlier errors first: CAs lock out who orders the same names again and again. `renew --force` goes past this limit, which ledger.jsonl in the state directory keeps',
        retry: retryAt(verdict.retryAt),
      },
    );
  await ports.state.appendLedger({ at: now, ca, names: names.toSorted() });
}

async function placeOrder(issuance: Issuance, resumed: boolean, options: IssueOptions): Promise<Order> {
  const { acme, ports, config, ctx, journal, site } = issuance;
  const known = resumed ? await findOrder(issuance) : null;
  if (known !== null) {
    ctx.log.info('going on with the order of an interrupted run', {
      site: site.serverName.text,
      order: known.url,
    });
    if (journal.orderUrl !== known.url) await note(issuance, { orderUrl: known.url });
    return known;
  }
  if (resumed && journal.orderUrl !== undefined) {
    // That order came to nothing, so this is a new attempt and counts as one.
    await removeChallenges(journal.challenges, ports, ctx);
    await enterLedger(journal.names, journal.ca, options, ports);
    const { orderUrl: _, ...fresh } = journal;
    issuance.journal = { ...fresh, challenges: [] };
    await ports.state.writeJournal(issuance.lineage, issuance.journal);
  }
  ports.progress(site.serverName.text, `ordering ${journal.names.map(relativeToRoot).join(', ')}`);
  const { profile } = config.acme;
  const order = await acme
    .newOrder(journal.names, profile === undefined ? {} : { profile }, ctx)
    .catch(async (thrown: unknown) => {
      const error = asDelegatedError(thrown);
      // A clear no leaves nothing behind; an answer that never came may have.
      if (error.outcome === 'not-applied' && error.code !== 'E_ACME_UNREACHABLE')
        await ports.state.clearJournal(issuance.lineage);
      throw error;
    });
  await note(issuance, { orderUrl: order.url });
  return order;
}

/** The order that an interrupted run placed, if the CA still knows it and it can still become a certificate. */
async function findOrder({ acme, journal, ctx }: Issuance): Promise<Order | null> {
  if (journal.orderUrl !== undefined) {
    const order = await acme.order(journal.orderUrl, ctx).catch((thrown: unknown) => {
      const error = asDelegatedError(thrown);
      if (error.code === 'E_ACME_PROBLEM' || error.code === 'E_ACME_ORDER') return null;
      throw error;
    });
    return order === null || order.status === 'invalid' ? null : order;
  }
  // The run died between asking and being answered; the CA may list the order, and many hand the same one out again.
  const open = (await acme.openOrders(ctx)) ?? [];
  const same = (order: Order): boolean =>
    order.names.length === journal.names.length && journal.names.every((name) => order.names.includes(name));
  return (
    open.find((order) => same(order) && (order.status === 'pending' || order.status === 'ready')) ?? null
  );
}

async function authorize(issuance: Issuance, order: Order): Promise<Order> {
  if (order.status !== 'pending') return order;
  const { acme, site, config, ports, ctx } = issuance;
  const authorizations = await Promise.all(order.authorizations.map((url) => acme.authorization(url, ctx)));
  const pending = authorizations.filter(({ status }) => status === 'pending');
  const challenges = await locateChallenges(site, pending, acme, config, ports, ctx);
  await note(issuance, { challenges: [...issuance.journal.challenges, ...challenges] });
  await publishChallenges(site, challenges, config, ports, ctx);
  const unanswered = pending.flatMap(({ dns01 }) => (dns01?.status === 'pending' ? [dns01] : []));
  await Promise.all(unanswered.map(({ url }) => acme.respond(url, ctx)));
  ports.progress(site.serverName.text, 'waiting for the CA to validate the names');
  const settled = await pollOrder(issuance, order.url, (now) => now.status !== 'pending');
  if (settled.status === 'invalid') throw await whyInvalid(issuance, settled);
  return settled;
}

async function finalize(issuance: Issuance, order: Order): Promise<string> {
  const { acme, ctx, journal, ports, site } = issuance;
  const { privateKey } = journal;
  if (privateKey === undefined) throw new DelegatedError('E_BUG', 'the journal has no private key');
  const answered = order.status === 'ready' ? await acme.finalize(order, privateKey, ctx) : order;
  if (answered.status !== 'valid') ports.progress(site.serverName.text, 'waiting for the CA to issue');
  const done =
    answered.status === 'valid' || answered.status === 'invalid'
      ? answered
      : await pollOrder(issuance, order.url, (now) => now.status === 'valid' || now.status === 'invalid');
  if (done.status === 'invalid' || done.certificate === undefined) throw await whyInvalid(issuance, done);
  return acme.certificate(done.certificate, ctx);
}

/** Nothing is written before this says that it is what we ordered. */
async function store({ journal, ports, lineage }: Issuance, fullchain: string): Promise<StoredVersion> {
  const keys = await ports.keys();
  const [cert = '', ...chain] =
    fullchain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const material: CertificateMaterial = {
    privateKey: journal.privateKey ?? '',
    cert: `${cert}\n`,
    chain: chain.map((pem) => `${pem}\n`).join(''),
    fullchain: [cert, ...chain].map((pem) => `${pem}\n`).join(''),
  };
  const mismatch = keys.mismatch(material, journal.names, ports.clock.now());
  if (mismatch !== null)
    throw new DelegatedError(
      'E_ACME_CERTIFICATE',
      `the CA's certificate is not what was ordered: ${mismatch}`,
      {
        hint: 'nothing was written; if it happens again, tell the CA',
        retry: BACKOFF,
      },
    );
  return ports.store.commit(lineage, material);
}

async function pollOrder(issuance: Issuance, url: string, done: (order: Order) => boolean): Promise<Order> {
  const { acme, ports, ctx } = issuance;
  let retryAfterMs: number | undefined;
  for (let attempt = 0; ; attempt += 1) {
    await ports.clock.sleep(nextPoll(attempt, retryAfterMs), ctx.signal);
    const order = await acme.order(url, ctx);
    if (done(order)) return order;
    ({ retryAfterMs } = order);
  }
}

/** Finds the name that failed, and what the CA said of it. */
async function whyInvalid({ acme, ctx }: Issuance, order: Order): Promise<DelegatedError> {
  const authorizations = await Promise.all(order.authorizations.map((url) => acme.authorization(url, ctx)));
  const bad = authorizations.find(({ status }) => status !== 'valid' && status !== 'pending');
  const problem = bad?.dns01?.error ?? order.error;
  const said = problem === undefined ? 'it gave no reason' : `${problem.detail} (${problem.type})`;
  if (bad === undefined)
    return new DelegatedError('E_ACME_ORDER', `the CA gave the order up: ${said}`, { retry: BACKOFF });
  return new DelegatedError('E_ACME_AUTHORIZATION', `the CA could not validate ${nameOf(bad)}: ${said}`, {
    hint:
      problem?.type === 'caa'
        ? 'a CAA record of the domain does not allow this CA'
        : 'every authoritative server that we asked had the value, so the CA asks others, or was still told an older answer: compare the NS records of the zone with those of its parent',
    retry: BACKOFF,
  });
}

function nameOf({ name, wildcard }: Authorization): string {
  return wildcard ? `*.${relativeToRoot(name)}` : relativeToRoot(name);
}

async function note(issuance: Issuance, news: Partial<Journal>): Promise<void> {
  issuance.journal = { ...issuance.journal, ...news };
  await issuance.ports.state.writeJournal(issuance.lineage, issuance.journal);
}

/** Runs beside the finalizing, since the CA needs the values no more. What fails here is tried again by `sweep`. */
async function cleanUp(issuance: Issuance): Promise<void> {
  const { journal, ports, ctx } = issuance;
  if (journal.challenges.length === 0) return;
  // Cleaning up outlives a cancellation, for a bounded time.
  const signal = AbortSignal.timeout(CLEANUP_TIMEOUT_MS);
  await removeChallenges(journal.challenges, ports, { ...ctx, signal });
}

/** After a failure: the values go, the order stays for the next run unless it came to nothing. */
async function takeBack(issuance: Issuance, error: DelegatedError): Promise<void> {
  const { ports, ctx, lineage } = issuance;
  try {
    await cleanUp(issuance);
    const dead =
      error.code === 'E_ACME_AUTHORIZATION' ||
      error.code === 'E_ACME_ORDER' ||
      error.code === 'E_ACME_CERTIFICATE';
    if (dead) await ports.state.clearJournal(lineage);
    else await note(issuance, { challenges: [] });
  } catch (thrown) {
    ctx.log.warn('challenge values stay behind; the next run removes them', {
      site: issuance.journal.serverName,
      reason: asDelegatedError(thrown).message,
    });
  }
}
