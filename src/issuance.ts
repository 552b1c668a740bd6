/**
 * One certificate on its way, with its write-ahead journal: what is done, or may have been done, to the outside world
 * is on disk before it happens.
 */
import type { CertificateFacts } from './certificate/facts.ts';
import type { CertificateConfig, Config, SiteConfig } from './config/config.ts';
import type { DomainName } from './dns/domain-name.ts';
import { asDelegatedError } from './errors.ts';
import { type LedgerQuestion, enterOrder, nowAtCa } from './ledger-gate.ts';
import { certName } from './matrix/delegation.ts';
import type { AcmeClient, Ctx, Ports } from './ports.ts';
import type { Journal } from './schedule/state.ts';
import { sweep } from './sweep.ts';

/** The certificate that an order takes the place of (RFC 9773 §5). */
export interface Replaced {
  readonly certId: string;
  /** Directory URL of the CA that it is from. */
  readonly ca: string;
}

export interface IssueOptions {
  /** Go past the ledger. */
  readonly force: boolean;
  /** Nothing is due but by the suggestion of the CA, which is no business of another one. */
  readonly suggested?: boolean;
  readonly replaces?: Replaced;
  /** Somebody asks for this very site now: our own pauses after a refusal do not count, those that a CA named do. */
  readonly insist?: boolean;
  /** The dates of the certificate that is live. */
  readonly current?: Pick<CertificateFacts, 'notBefore' | 'notAfter'>;
  /** Whether it would be renewed if it were then; asked where our clock and the CA's differ. Absent: it would. */
  readonly isDueAt?: (now: Date) => Promise<boolean>;
}

export interface Issuance {
  readonly site: SiteConfig;
  readonly certificate: CertificateConfig;
  readonly options: IssueOptions;
  readonly config: Config;
  readonly ports: Ports;
  readonly acme: AcmeClient;
  readonly ctx: Ctx;
  readonly lineage: string;
  journal: Journal;
  /** Whether the CA may have an order of this attempt that the journal does not name. */
  asked: 'no' | 'maybe' | 'refused';
}

/** Names that the certificate must carry: the one that federation demands first. */
export function wantedNames(site: SiteConfig): DomainName[] {
  return [...new Set([certName(site), ...(site.certificate?.names ?? [])])];
}

/** The journal of an earlier run, when it was for what we want now. Another one is taken back first. */
export async function resumable(
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
    journal.profile === config.acme.profile &&
    journal.names.length === names.length &&
    names.every((name) => journal.names.includes(name));
  if (same) return journal;
  await sweep(site.serverName.text, config, ports, ctx);
  return null;
}

export async function openJournal(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  options: IssueOptions,
  acme: AcmeClient,
  ports: Ports,
  ctx: Ctx,
): Promise<Journal> {
  const names = wantedNames(site);
  const ca = config.acme.directoryUrl;
  const question = { names, ca, options, acme, ports, ctx };
  const keys = await ports.keys();
  const journal: Unbegun = {
    serverName: site.serverName.text,
    ca,
    names,
    keyType: certificate.keyType,
    ...(config.acme.profile === undefined ? {} : { profile: config.acme.profile }),
    privateKey: await keys.privateKey(certificate.keyType),
    challenges: [],
  };
  return begin(journal, question);
}

type Unbegun = Omit<Journal, 'startedAt' | 'countedAt' | 'orderUrl' | 'unasked'>;

/**
 * Both are written before the CA is asked: an attempt that we forget is one that we would repeat for ever. The journal
 * comes first, because a full disk may still have room for a line of the ledger and none for a file, and a run that
 * asks nobody must not use up the limit. What the ledger does not name was not asked for, so dying in between costs nothing.
 * @throws DelegatedError E_ACME_LEDGER, with nothing begun
 */
export async function begin(unbegun: Unbegun, question: LedgerQuestion): Promise<Journal> {
  const { clock, state } = question.ports;
  const countedAt = await nowAtCa(question);
  const journal: Journal = { ...unbegun, startedAt: clock.now(), countedAt };
  await state.writeJournal(journal.serverName, journal);
  try {
    await enterOrder(question, countedAt);
  } catch (thrown) {
    // Somebody else took the last place after we had looked.
    if (asDelegatedError(thrown).code === 'E_ACME_LEDGER') await state.clearJournal(journal.serverName);
    throw thrown;
  }
  return journal;
}

/** False where the run died, or the disk was full, between the two. */
export async function isEntered(journal: Journal, { state }: Pick<Ports, 'state'>): Promise<boolean> {
  const { startedAt, countedAt = startedAt, ca } = journal;
  const names = journal.names.toSorted().join(' ');
  const ledger = await state.readLedger();
  return ledger.some(
    (entry) =>
      entry.challenges === undefined &&
      entry.ca === ca &&
      entry.at.getTime() === countedAt.getTime() &&
      entry.names.join(' ') === names,
  );
}

/** Writes the news into the journal before anything is done about them. */
export async function note(issuance: Issuance, news: Partial<Journal>): Promise<void> {
  issuance.journal = { ...issuance.journal, ...news };
  await issuance.ports.state.writeJournal(issuance.lineage, issuance.journal);
}
