/**
 * The gate before everything that a CA counts. The clock that its limits go by is the CA's own; ours may be wrong, and may be
 * set while we run.
 */
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import { DelegatedError, retryAt } from './errors.ts';
import type { AcmeClient, Ctx, Ports } from './ports.ts';
import { type ChallengeQuestion, mayFail, mayOrder } from './schedule/ledger.ts';
import type { LedgerEntry } from './schedule/state.ts';

export interface LedgerQuestion {
  /** Wildcards as `*.example.org.`. */
  readonly names: readonly DomainName[];
  /** Directory URL. */
  readonly ca: string;
  readonly options: { readonly force: boolean };
  readonly acme: Pick<AcmeClient, 'directory'>;
  readonly ports: Pick<Ports, 'clock' | 'state'>;
  readonly ctx: Ctx;
}

/** What the clock of the CA says. */
export async function nowAtCa({ acme, ports, ctx }: Omit<LedgerQuestion, 'options'>): Promise<Date> {
  const { clockAheadMs = 0 } = await acme.directory(ctx);
  return new Date(ports.clock.now().getTime() - clockAheadMs);
}

/** @throws DelegatedError E_ACME_LEDGER */
export async function checkOrder(question: LedgerQuestion): Promise<void> {
  const now = await nowAtCa(question);
  assertOrder(question, now, await question.ports.state.readLedger());
}

/** By our own clock. @throws DelegatedError E_ACME_LEDGER */
export async function checkOrderOffline(question: Omit<LedgerQuestion, 'acme' | 'ctx'>): Promise<void> {
  const { clock, state } = question.ports;
  assertOrder(question, clock.now(), await state.readLedger());
}

/**
 * Question and entry are one step, so that two who ask at the same time do not both get the last place.
 * @param at by the clock of the CA
 * @throws DelegatedError E_ACME_LEDGER
 */
export async function enterOrder(question: LedgerQuestion, at: Date): Promise<void> {
  const { ca, names, ports } = question;
  await ports.state.appendLedger({ at, ca, names: names.toSorted() }, (entries) => {
    assertOrder(question, at, entries);
  });
}

/** @throws DelegatedError E_ACME_LEDGER */
export async function checkChallenges(question: LedgerQuestion, order: string): Promise<void> {
  const now = await nowAtCa(question);
  assertChallenges(question, now, await question.ports.state.readLedger(), order);
}

/**
 * Before the CA is told to look: whatever becomes of us then, it may have found nothing.
 * @throws DelegatedError E_ACME_LEDGER
 */
export async function enterAnswers(question: LedgerQuestion, order: string): Promise<void> {
  await enter(question, order, 'answered', (at, entries) => {
    assertChallenges(question, at, entries, order);
  });
}

/** What the CA has found, so that only failures count. */
export async function enterOutcome(
  question: LedgerQuestion,
  order: string,
  challenges: 'failed' | 'valid',
): Promise<void> {
  await enter(question, order, challenges);
}

async function enter(
  question: LedgerQuestion,
  order: string,
  challenges: 'answered' | 'failed' | 'valid',
  permit?: (at: Date, entries: readonly LedgerEntry[]) => void,
): Promise<void> {
  const { ca, names, ports } = question;
  if (names.length === 0) return;
  const at = await nowAtCa(question);
  await ports.state.appendLedger(
    { at, ca, names: names.toSorted(), challenges, order },
    permit && ((entries) => permit(at, entries)),
  );
}

function assertOrder(
  { names, ca, options }: Pick<LedgerQuestion, 'names' | 'ca' | 'options'>,
  now: Date,
  entries: readonly LedgerEntry[],
): void {
  if (options.force) return;
  const verdict = mayOrder(entries, { ca, names, now });
  if (!verdict.allowed)
    throw new DelegatedError(
      'E_ACME_LEDGER',
      `enough orders for ${names.map(relativeToRoot).join(', ')} of late; the next one is allowed at ${verdict.retryAt.toISOString()}`,
      {
        hint: 'look at the earlier errors first: CAs lock out who orders the same names again and again. `renew --force` goes past this limit, which ledger.jsonl in the state directory keeps',
        retry: retryAt(verdict.retryAt),
      },
    );
  assertMayFail(entries, { ca, names, now });
}

function assertChallenges(
  { names, ca, options }: LedgerQuestion,
  now: Date,
  entries: readonly LedgerEntry[],
  order: string,
): void {
  if (!options.force) assertMayFail(entries, { ca, names, now, order });
}

function assertMayFail(entries: readonly LedgerEntry[], question: ChallengeQuestion): void {
  const verdict = mayFail(entries, question);
  if (verdict.allowed) return;
  const name = relativeToRoot(verdict.name);
  throw new DelegatedError(
    'E_ACME_LEDGER',
    `${name} failed at the CA too often within an hour; it may look again at ${verdict.retryAt.toISOString()}`,
    {
      hint: `CAs lock out who has the same name fail again and again, so repair that first: \`delegated doctor\` looks for the cause, and does the TXT value at _acme-challenge.${name} reach every name server? \`renew --force\` goes past this limit`,
      retry: retryAt(verdict.retryAt),
    },
  );
}
