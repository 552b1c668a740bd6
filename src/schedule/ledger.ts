import { type DomainName, withoutWildcard } from '../dns/domain-name.ts';
import type { LedgerEntry } from './state.ts';

export type OrderPermission =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAt: Date };

const HOUR = 3600 * 1000;

/**
 * Our own limit, whatever bug asks: below what CAs allow for one set of names, so that a loop of ours never locks an
 * operator out for a week (Let's Encrypt: 5 certificates per exact set in 7 days, verified 2026-11).
 */
const LIMITS = [
  { orders: 2, within: 24 * HOUR },
  { orders: 4, within: 7 * 24 * HOUR },
] as const;

/** Milliseconds. Older entries decide nothing any more. */
export const LEDGER_HORIZON = 30 * 24 * HOUR;

export interface OrderQuestion {
  /** Directory URL. */
  readonly ca: string;
  readonly names: readonly DomainName[];
  readonly now: Date;
}

/**
 * May this CA be asked for these names again? An entry that is dated in the future counts as made just now: a clock
 * that was set back must not open the budget.
 */
export function mayOrder(
  entries: readonly LedgerEntry[],
  { ca, names, now }: OrderQuestion,
): OrderPermission {
  const newestFirst = newestFirstOf(ordersFor(entries, { ca, names }), now);
  const free = LIMITS.map(({ orders, within }) => (newestFirst[orders - 1] ?? -Infinity) + within);
  const retryAt = Math.max(...free);
  return retryAt <= now.getTime() ? { allowed: true } : { allowed: false, retryAt: new Date(retryAt) };
}

/**
 * Where a certificate ends before the limit forgets an order, the orders that are left have to do until then: spent within
 * minutes, they would all meet the same trouble, and nothing would be left for the days after it.
 * @param end of the live certificate
 * @returns the moment that divides the rest evenly among them, within a day; null where they need not be spared, or none is left
 */
export function spreadOrders(
  entries: readonly LedgerEntry[],
  { ca, names, now }: OrderQuestion,
  end: Date,
): Date | null {
  const { orders, within } = LIMITS[1];
  const since = end.getTime() - within;
  const restMs = end.getTime() - now.getTime();
  const counted = ordersFor(entries, { ca, names }).filter(({ at }) => at.getTime() > since);
  const left = orders - counted.length;
  if (since >= now.getTime() || restMs <= 0 || left <= 0) return null;
  return new Date(now.getTime() + Math.min(24 * HOUR, Math.floor(restMs / (left + 1))));
}

function ordersFor(
  entries: readonly LedgerEntry[],
  { ca, names }: Omit<OrderQuestion, 'now'>,
): readonly LedgerEntry[] {
  const wanted = setKey(names);
  return entries.filter(
    (entry) => entry.ca === ca && entry.challenges === undefined && setKey(entry.names) === wanted,
  );
}

/** Below what CAs allow for one name (Let's Encrypt: 5 failed authorizations in an hour, verified 2026-11). */
const FAILURES = { most: 4, within: HOUR } as const;

export type ChallengePermission =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAt: Date; readonly name: DomainName };

export interface ChallengeQuestion extends OrderQuestion {
  /** URL; what it has answered already is not counted against it. */
  readonly order?: string;
}

/**
 * May this CA look at these names, although each of them may fail? A wildcard counts for the name below it, since not every CA
 * tells the two apart. Answers whose outcome nobody knows count as failed.
 */
export function mayFail(
  entries: readonly LedgerEntry[],
  { ca, names, now, order }: ChallengeQuestion,
): ChallengePermission {
  const failures = failuresOf(
    entries.filter((entry) => entry.ca === ca && (order === undefined || entry.order !== order)),
  );
  const refused = [...new Set(names.map(withoutWildcard))].flatMap((name) => {
    const same = ({ name: other }: { readonly name: DomainName }): boolean => withoutWildcard(other) === name;
    const mayComeNow = [...new Set(names)].filter((each) => same({ name: each })).length;
    const counted = newestFirstOf(failures.filter(same), now);
    const free = (counted[FAILURES.most - mayComeNow] ?? -Infinity) + FAILURES.within;
    return free <= now.getTime() ? [] : [{ name, free }];
  });
  const [latest] = refused.sort((a, b) => b.free - a.free);
  if (latest === undefined) return { allowed: true };
  return { allowed: false, retryAt: new Date(latest.free), name: latest.name };
}

/**
 * Whether the orders that were spent on these names failed for what the names are to blame for. Then another CA would only see
 * the same.
 */
export function failedOfLate(entries: readonly LedgerEntry[], { ca, names, now }: OrderQuestion): boolean {
  const since = now.getTime() - Math.max(...LIMITS.map(({ within }) => within));
  const wanted = new Set(names.map(withoutWildcard));
  return failuresOf(entries.filter((entry) => entry.ca === ca)).some(
    ({ name, at }) => at.getTime() > since && wanted.has(withoutWildcard(name)),
  );
}

/** One for each name of an order that failed, or was answered and is not known to be valid. */
function failuresOf(entries: readonly LedgerEntry[]): { readonly name: DomainName; readonly at: Date }[] {
  const known = new Map<string, { name: DomainName; at: Date; challenges: LedgerEntry['challenges'] }>();
  for (const { at, names, challenges, order = '' } of entries)
    for (const name of challenges === undefined ? [] : names) {
      const key = `${order} ${name}`;
      // A failure is one however often it is seen.
      if (known.get(key)?.challenges !== 'failed') known.set(key, { name, at, challenges });
    }
  return [...known.values()].filter(({ challenges }) => challenges !== 'valid');
}

function newestFirstOf(entries: readonly { readonly at: Date }[], now: Date): number[] {
  return entries.map(({ at }) => Math.min(at.getTime(), now.getTime())).sort((a, b) => b - a);
}

function setKey(names: readonly DomainName[]): string {
  return [...new Set(names)].sort().join(' ');
}
