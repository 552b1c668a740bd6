import { problemOf } from './acme/problem-error.ts';
import { requireProfile } from './acme/profile.ts';
import type { Order } from './acme/order.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { type DelegatedError, asDelegatedError } from './errors.ts';
import { setAside, takeBackValues } from './sweep.ts';
import { type Issuance, type IssueOptions, begin, isEntered, note } from './issuance.ts';
import { checkOrder, nowAtCa } from './ledger-gate.ts';
import { recordFailures } from './record-failures.ts';

/** The order of an interrupted run where there is one that can still become a certificate, else a new one. */
export async function placeOrder(
  issuance: Issuance,
  resumed: boolean,
  options: IssueOptions,
): Promise<Order> {
  const { ports, ctx, journal, site } = issuance;
  const known = resumed && issuance.asked === 'maybe' ? await findOrder(issuance) : null;
  if (known !== null) {
    ctx.log.info('going on with the order of an interrupted run', {
      site: site.serverName.text,
      order: known.url,
    });
    if (journal.orderUrl !== known.url) await note(issuance, { orderUrl: known.url });
    return known;
  }
  if (resumed) await startAgain(issuance, options);
  ports.progress(site.serverName.text, `ordering ${journal.names.map(relativeToRoot).join(', ')}`);
  issuance.asked = 'maybe';
  const order = await askForOrder(issuance, options).catch((thrown: unknown) => {
    const { outcome, code } = asDelegatedError(thrown);
    // A clear no leaves nothing behind; an answer that never came may have.
    if (outcome === 'not-applied') issuance.asked = code === 'E_ACME_UNREACHABLE' ? 'no' : 'refused';
    throw thrown;
  });
  await note(issuance, { orderUrl: order.url });
  return order;
}

/** RFC 9773 §5. What a CA has against `replaces` is no reason to go without a certificate. */
async function askForOrder(
  { acme, ctx, journal, site }: Issuance,
  { replaces }: IssueOptions,
): Promise<Order> {
  const { profile } = journal;
  const options = profile === undefined ? {} : { profile };
  if (replaces === undefined || replaces.ca !== journal.ca) return acme.newOrder(journal.names, options, ctx);
  try {
    return await acme.newOrder(journal.names, { ...options, replaces: replaces.certId }, ctx);
  } catch (thrown) {
    if (!refusesReplacement(thrown)) throw thrown;
    ctx.log.info('the CA does not take the order as a replacement; ordering without saying so', {
      site: site.serverName.text,
      reason: asDelegatedError(thrown).message,
    });
    return acme.newOrder(journal.names, options, ctx);
  }
}

/**
 * Replaced already, unknown to the CA, of another account, or with other names. Boulder says `alreadyReplaced`,
 * `malformed` and `unauthorized` (verified 2026-11), others may say what they like with 409 and 404.
 */
function refusesReplacement(thrown: unknown): boolean {
  const { type = '', status = 0 } = problemOf(thrown) ?? {};
  return REFUSALS.has(type) || status === 404 || status === 409;
}

const REFUSALS: ReadonlySet<string> = new Set(['alreadyReplaced', 'malformed', 'unauthorized']);

/** Milliseconds. */
const STALE_MS = 3_600_000;

/**
 * There is no order to go on with. One that came to nothing was an attempt, and so is one that the CA may have got and
 * that we never heard of: what comes now is another one, and counts as one.
 */
async function startAgain(issuance: Issuance, options: IssueOptions): Promise<void> {
  const { acme, config, journal, ports, ctx } = issuance;
  await setAside(journal, await takeBackValues(journal, config, ports, ctx), ports);
  requireProfile(journal.profile, await acme.directory(ctx), config.acme.directoryUrl);
  const question = { names: journal.names, ca: journal.ca, options, acme, ports, ctx };
  const { orderUrl, unasked: _unasked, countedAt = journal.startedAt, ...rest } = journal;
  const fresh = { ...rest, countedAt, challenges: [] };
  // What was written down long ago, and never asked, would come upon the orders that are counted from today.
  const isStale = (await nowAtCa(question)).getTime() - countedAt.getTime() > STALE_MS;
  const isAnother =
    orderUrl !== undefined || issuance.asked === 'maybe' || isStale || !(await isEntered(journal, ports));
  if (!isAnother) {
    issuance.journal = fresh;
    await ports.state.writeJournal(issuance.lineage, issuance.journal);
    return;
  }
  await checkOrder(question);
  issuance.journal = await begin(fresh, question);
}

/** The order that an interrupted run placed, if the CA still knows it and it can still become a certificate. */
async function findOrder(issuance: Issuance): Promise<Order | null> {
  const { acme, journal, ctx } = issuance;
  if (journal.orderUrl !== undefined) {
    const order = await acme.order(journal.orderUrl, ctx).catch((thrown: unknown) => {
      const error = asDelegatedError(thrown);
      if (isGone(error)) return null;
      throw error;
    });
    // The run that asked died before it could write down what failed.
    if (order?.status === 'invalid')
      await recordFailures(issuance, order).catch((thrown: unknown) => {
        if (!isGone(asDelegatedError(thrown))) throw thrown;
      });
    return order === null || order.status === 'invalid' ? null : order;
  }
  // The run died between asking and being answered; the CA may list the order, and many hand the same one out again.
  const open = await acme.openOrders(ctx);
  // Not in the list is not there. Without a list nobody knows.
  if (open === null) return null;
  issuance.asked = 'no';
  const same = (order: Order): boolean =>
    order.names.length === journal.names.length && journal.names.every((name) => order.names.includes(name));
  return (
    open.find((order) => same(order) && (order.status === 'pending' || order.status === 'ready')) ?? null
  );
}

/** A CA in trouble says nothing of the order; only a clear no does. */
function isGone(error: DelegatedError): boolean {
  const { status = 0, type = '' } = problemOf(error) ?? {};
  return (
    error.code === 'E_ACME_ORDER' ||
    (error.code === 'E_ACME_PROBLEM' && status >= 400 && status < 500 && type !== 'badNonce')
  );
}
