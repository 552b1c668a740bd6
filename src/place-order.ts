import { problemOf } from './acme/problem-error.ts';
import type { Order } from './acme/order.ts';
import { removeChallenges } from './challenges.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { type DelegatedError, asDelegatedError } from './errors.ts';
import { type Issuance, type IssueOptions, enterLedger, note } from './issuance.ts';

/** The order of an interrupted run where there is one that can still become a certificate, else a new one. */
export async function placeOrder(
  issuance: Issuance,
  resumed: boolean,
  options: IssueOptions,
): Promise<Order> {
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
      if (isGone(error)) return null;
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

/** A CA in trouble says nothing of the order; only a clear no does. */
function isGone(error: DelegatedError): boolean {
  const { status = 0, type = '' } = problemOf(error) ?? {};
  return (
    error.code === 'E_ACME_ORDER' ||
    (error.code === 'E_ACME_PROBLEM' && status >= 400 && status < 500 && type !== 'badNonce')
  );
}
