import type { DomainName } from '../dns/domain-name.ts';
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
  const wanted = setKey(names);
  const newestFirst = entries
    .filter((entry) => entry.ca === ca && setKey(entry.names) === wanted)
    .map((entry) => Math.min(entry.at.getTime(), now.getTime()))
    .sort((a, b) => b - a);
  const free = LIMITS.map(({ orders, within }) => (newestFirst[orders - 1] ?? -Infinity) + within);
  const retryAt = Math.max(...free);
  return retryAt <= now.getTime() ? { allowed: true } : { allowed: false, retryAt: new Date(retryAt) };
}

function setKey(names: readonly DomainName[]): string {
  return [...new Set(names)].sort().join(' ');
}
