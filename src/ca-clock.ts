/** A clock that is wrong must not order: what looks due by it may be good for months, and is ordered again and again. */
import type { Directory } from './acme/directory.ts';
import { BACKOFF, DelegatedError } from './errors.ts';
import type { IssueOptions } from './issuance.ts';
import type { Ports } from './ports.ts';

/** Milliseconds. Below it the two clocks agree, since an answer may be on its way for a while. */
const AGREES = 10 * 60_000;
/** Milliseconds. Above it nothing of ours can be reckoned: neither what a new certificate is good for, nor our own limit of orders. */
const HOPELESS = 24 * 3_600_000;

/** @throws DelegatedError E_ACME_CLOCK */
export async function requireRightClock(
  { clockAheadMs = 0 }: Directory,
  directoryUrl: string,
  { isDueAt = async () => true }: Pick<IssueOptions, 'isDueAt'>,
  { clock }: Pick<Ports, 'clock'>,
): Promise<void> {
  const off = Math.abs(clockAheadMs);
  if (off <= AGREES) return;
  const theirs = new Date(clock.now().getTime() - clockAheadMs);
  if (off <= HOPELESS && (await isDueAt(theirs))) return;
  const direction = clockAheadMs > 0 ? 'ahead of' : 'behind';
  throw new DelegatedError(
    'E_ACME_CLOCK',
    `our clock is ${spoken(off)} ${direction} that of the CA ${directoryUrl}, so nothing is ordered`,
    { hint: 'set the clock of this machine (timedatectl set-ntp true)', retry: BACKOFF },
  );
}

function spoken(ms: number): string {
  const hours = ms / 3_600_000;
  if (hours < 2) return `${Math.round(ms / 60_000)} minutes`;
  return hours < 48 ? `${Math.round(hours)} hours` : `${Math.round(hours / 24)} days`;
}
