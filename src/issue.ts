/**
 * Verb: one certificate. Order → challenges → finalize → store, each step in the journal before it touches the world,
 * so that a run which dies anywhere is finished or taken back by the next one.
 */
import type { Authorization, Challenge, Order } from './acme/order.ts';
import { nextPoll } from './acme/poll.ts';
import type { Problem } from './acme/problem.ts';
import { problemCause } from './acme/problem-error.ts';
import { requireProfile } from './acme/profile.ts';
import { answerableByStanding, requireStanding } from './answer-standing.ts';
import { requireRightClock } from './ca-clock.ts';
import { locateChallenges, publishChallenges, removeChallenges } from './challenges.ts';
import type { CertificateConfig, Config, SiteConfig } from './config/config.ts';
import { deadlineAfter } from './deadline.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { BACKOFF, DelegatedError, type ErrorCode, asDelegatedError } from './errors.ts';
import { type Issuance, type IssueOptions, note, openJournal, resumable, wantedNames } from './issuance.ts';
import type { AcmeClient, CertificateMaterial, Ctx, Ports, StoredVersion } from './ports.ts';
import { checkChallenges, checkOrder, checkOrderOffline, enterAnswers, enterOutcome } from './ledger-gate.ts';
import { placeOrder } from './place-order.ts';
import { authorizationsOf, nameOf, recordFailures } from './record-failures.ts';

/** How long the values may take to go once the order is over or was stopped. Milliseconds. */
const CLEANUP_TIMEOUT_MS = 8_000;

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
  const deadline = deadlineAfter(config.acme.timeoutMs, ports.clock);
  const bounded: Ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, deadline.signal]) };
  const wait = { answered: false };
  try {
    return await run(site, certificate, config, options, ports, bounded, wait);
  } catch (thrown) {
    if (!deadline.signal.aborted || ctx.signal.aborted) throw thrown;
    throw new DelegatedError('E_ACME_TIMEOUT', `no certificate after ${config.acme.timeoutMs / 1_000} s`, {
      hint: 'unless another CA has issued meanwhile, the order is kept and the next run goes on with it; `acme.timeout` gives it longer',
      retry: BACKOFF,
      outcome: wait.answered ? 'unknown' : 'not-applied',
      cause: thrown,
    });
  } finally {
    deadline.clear();
  }
}

/** Whose turn it is. */
interface Wait {
  /** Everything was done that is up to us: the rest is the CA's. */
  answered: boolean;
}

async function run(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  options: IssueOptions,
  ports: Ports,
  ctx: Ctx,
  wait: Wait,
): Promise<StoredVersion> {
  const lineage = site.serverName.text;
  const acme = await ports.acme(config.acme.directoryUrl);
  const open = await resumable(site, certificate, config, ports, ctx);
  if (open === null) await mayBegin(site, config, options, acme, ports, ctx);
  const journal = open ?? (await openJournal(site, certificate, config, options, acme, ports, ctx));
  const asked = open === null || open.unasked === true ? 'no' : 'maybe';
  const issuance: Issuance = {
    site,
    certificate,
    options,
    config,
    ports,
    acme,
    ctx,
    lineage,
    journal,
    asked,
  };
  try {
    if (open !== null)
      await requireRightClock(await acme.directory(ctx), config.acme.directoryUrl, options, ports);
    await acme.account(ctx);
    const order = await placeOrder(issuance, open !== null, options);
    const ready = await authorize(issuance, order, wait);
    wait.answered = true;
    // The CA needs the values no more; that they would not go is no reason to lose the certificate.
    const [pem, clean] = await Promise.all([finalize(issuance, ready), cleanUp(issuance)]);
    const version = await store(issuance, pem);
    if (clean) await ports.state.clearJournal(lineage);
    return version;
  } catch (thrown) {
    await takeBack(issuance, asDelegatedError(thrown));
    throw thrown;
  }
}

/** Before anything is written down: what we may not ask for, the CA cannot give, or is not there to give is no attempt. */
async function mayBegin(
  site: SiteConfig,
  config: Config,
  options: IssueOptions,
  acme: AcmeClient,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const { directoryUrl, profile } = config.acme;
  const names = wantedNames(site);
  const directory = await acme.directory(ctx).catch(async (thrown: unknown) => {
    // A CA that is away tells no time; where our own limit forbids to ask it anyway, that is the reason.
    await checkOrderOffline({ names, ca: directoryUrl, options, ports });
    throw thrown;
  });
  requireProfile(profile, directory, directoryUrl);
  await requireRightClock(directory, directoryUrl, options, ports);
  await checkOrder({ names, ca: directoryUrl, options, acme, ports, ctx });
  const { persist } = site;
  if (persist !== undefined) await requireStanding({ site, persist, config, ports, ctx });
}

async function authorize(issuance: Issuance, order: Order, wait: Wait): Promise<Order> {
  if (order.status !== 'pending') return order;
  const { acme, site, config, ports, ctx } = issuance;
  const authorizations = await authorizationsOf(issuance, order);
  const pending = authorizations.filter(({ status }) => status === 'pending');
  const question = { ...issuance, ca: config.acme.directoryUrl, names: pending.map(nameOf) };
  await checkChallenges(question, order.url);
  const { persist } = site;
  const answerable =
    persist === undefined
      ? await publish(issuance, pending)
      : await answerableByStanding({ ...issuance, persist }, pending);
  const unanswered = answerable.filter(({ status }) => status === 'pending');
  await enterAnswers(question, order.url);
  await Promise.all(unanswered.map(({ url }) => acme.respond(url, ctx)));
  wait.answered = true;
  ports.progress(site.serverName.text, 'waiting for the CA to validate the names');
  const settled = await pollOrder(issuance, order.url, (now) => now.status !== 'pending');
  if (settled.status === 'invalid') throw await whyInvalid(issuance, settled);
  await enterOutcome(question, order.url, 'valid');
  return settled;
}

/** The challenges of dns-01, once their values are where the CA looks for them. */
async function publish(issuance: Issuance, pending: readonly Authorization[]): Promise<Challenge[]> {
  const { acme, site, config, ports, ctx } = issuance;
  const challenges = await locateChallenges(site, pending, acme, config, ports, ctx);
  await note(issuance, { challenges: [...issuance.journal.challenges, ...challenges] });
  await publishChallenges(site, challenges, config, ports, ctx);
  return pending.flatMap(({ dns01 }) => dns01 ?? []);
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
async function whyInvalid(issuance: Issuance, order: Order): Promise<DelegatedError> {
  const authorizations = await recordFailures(issuance, order);
  const bad = authorizations.find(({ status }) => status !== 'valid' && status !== 'pending');
  const problem = (issuance.site.persist === undefined ? bad?.dns01 : bad?.persist01)?.error ?? order.error;
  const said = problem === undefined ? 'it gave no reason' : `${problem.detail} (${problem.type})`;
  if (bad === undefined)
    return new DelegatedError('E_ACME_ORDER', `the CA gave the order up: ${said}`, {
      hint: 'nothing to do: the next run places a new order',
      retry: BACKOFF,
      ...causeOf(problem),
    });
  return new DelegatedError(
    'E_ACME_AUTHORIZATION',
    `the CA could not validate ${relativeToRoot(nameOf(bad))}: ${said}`,
    {
      hint:
        problem?.type === 'caa'
          ? '`delegated doctor` names the CAA record that is in the way, and what to write instead'
          : 'every authoritative server that we asked had the value, so the CA asks others, or its resolver remembers an older answer: compare the NS records of the zone with those of its parent; a resolver forgets that there was nothing after the last number of the SOA record (seconds), so try again then',
      retry: BACKOFF,
      ...causeOf(problem),
    },
  );
}

function causeOf(problem: Problem | undefined): { readonly cause?: Error } {
  return problem === undefined ? {} : { cause: problemCause(problem) };
}

/**
 * Takes the values out again. What fails here stays in the journal, and the next run tries it again.
 * @returns whether they are gone; never throws
 */
async function cleanUp({ journal, ports, ctx }: Issuance): Promise<boolean> {
  if (journal.challenges.length === 0) return true;
  // Cleaning up outlives a cancellation, for a bounded time.
  const deadline = deadlineAfter(CLEANUP_TIMEOUT_MS, ports.clock);
  try {
    await removeChallenges(journal.challenges, ports, { ...ctx, signal: deadline.signal });
    return true;
  } catch (thrown) {
    ctx.log.warn('challenge values stay behind; the next run removes them', {
      site: journal.serverName,
      reason: asDelegatedError(thrown).message,
    });
    return false;
  } finally {
    deadline.clear();
  }
}

/** These leave nothing of the order that another run could go on with. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set([
  'E_ACME_AUTHORIZATION',
  'E_ACME_ORDER',
  'E_ACME_CERTIFICATE',
]);

/** After a failure: the values go, the order stays for the next run unless it came to nothing. */
async function takeBack(issuance: Issuance, error: DelegatedError): Promise<void> {
  const { ports, ctx, lineage, journal } = issuance;
  if (!(await cleanUp(issuance))) return;
  try {
    if (HOPELESS.has(error.code) || issuance.asked === 'refused') await ports.state.clearJournal(lineage);
    else await noteFailure(issuance);
  } catch (thrown) {
    const reason = asDelegatedError(thrown).message;
    ctx.log.warn('the journal keeps what is done already', { site: journal.serverName, reason });
  }
}

/** What the next run has to know: no values are out, and whether the CA may have an order that we cannot name. */
async function noteFailure(issuance: Issuance): Promise<void> {
  const { challenges, orderUrl, unasked } = issuance.journal;
  const news = issuance.asked === 'no' && orderUrl === undefined && unasked !== true;
  if (challenges.length > 0 || news)
    await note(issuance, { challenges: [], ...(news ? { unasked: true } : {}) });
}
