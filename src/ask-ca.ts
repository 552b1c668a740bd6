/** Verb: one certificate from one CA, unless that CA has refused it and is not to be asked again yet. */
import { refusalOf } from './acme/refusal.ts';
import { type Urgency, lateFrom, urgencyOf } from './certificate/urgency.ts';
import type { CertificateConfig, Config, SiteConfig } from './config/config.ts';
import { DelegatedError, NEVER, asDelegatedError, retryAt } from './errors.ts';
import { type IssueOptions, wantedNames } from './issuance.ts';
import { issue } from './issue.ts';
import { needsRehearsal, rehearseFirst } from './rehearse-first.ts';
import type { Ctx, Ports, StoredVersion } from './ports.ts';
import { nextRetry } from './schedule/backoff.ts';
import { failedOfLate, spreadOrders } from './schedule/ledger.ts';
import type { Setback } from './schedule/state.ts';
import { setAside, takeBackValues } from './sweep.ts';

export type Answer =
  | { readonly version: StoredVersion }
  | {
      readonly error: DelegatedError;
      /** It is this CA, or our account there, so another one may be asked. */
      readonly elsewhere: boolean;
    };

/**
 * What the CA refuses is written down with the moment before which it is not asked again: runs by hand, by cron and of the
 * daemon keep to it alike. A CA that was out of reach or out of order has refused nothing.
 * @param config whose `acme` is this CA
 * @throws DelegatedError E_STATE
 */
export async function askCa(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  options: IssueOptions,
  ports: Ports,
  ctx: Ctx,
): Promise<Answer> {
  const { directoryUrl } = config.acme;
  const question = questionOf(site, certificate, config);
  const { setbacks = [] } = await ports.state.readSite(site.serverName.text);
  const known = setbacks.find((each) => each.ca === directoryUrl && each.question === question);
  if (known !== undefined && isHeldBack(known, options, ports.clock.now())) {
    await removeLeftovers(site, config, ports, ctx);
    return { error: heldBackError(known), elsewhere: known.elsewhere === true };
  }
  try {
    if (known?.rehearse === true && needsRehearsal(site, config, options))
      await rehearseFirst(site, certificate, config, ports, ctx);
    return { version: await issue(site, certificate, config, options, ports, ctx) };
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    const setback = setbackOf(error, question, known, config, options, ports);
    if (setback === null) {
      const elsewhere =
        isElsewhere(error, urgency(options, ports)) ||
        (await isSpentHere(error, site, config, options, ports));
      return { error, elsewhere };
    }
    const notBefore = await sparing(setback, site, config, options, ports);
    await remember(site, { ...setback, notBefore }, ports);
    if (refusalOf(error) !== 'passing')
      ctx.log.error('the CA will not issue this before somebody acts', {
        site: site.serverName.text,
        ca: directoryUrl,
        reason: error.message,
        hint: error.hint,
      });
    return { error: dated(error, notBefore), elsewhere: setback.elsewhere === true };
  }
}

/** Out of reach, out of order, out of patience with us or waiting for us; nothing that the domain is to blame for. */
export function isElsewhere(error: DelegatedError, urgency: Urgency): boolean {
  if (error.code === 'E_ACME_UNREACHABLE' || error.code === 'E_ACME_RATE_LIMITED') return true;
  // It has all that it needs of us, and does not get done.
  if (error.code === 'E_ACME_TIMEOUT' && error.outcome === 'unknown') return true;
  const refusal = refusalOf(error);
  if (error.code === 'E_ACME_PROBLEM' && refusal === null) return true;
  // Near the end there is nothing to lose with another CA, whatever the first one has against it.
  return refusal === 'person' || (refusal !== null && (urgency === 'urgent' || urgency === 'expired'));
}

/**
 * Our own limit guards one CA, and the next one has a limit of its own. But names that were found invalid would be there as
 * well, and what one CA suggests is not for another to fulfil.
 */
async function isSpentHere(
  error: DelegatedError,
  site: SiteConfig,
  { acme }: Config,
  { suggested }: IssueOptions,
  { state, clock }: Ports,
): Promise<boolean> {
  if (error.code !== 'E_ACME_LEDGER' || suggested === true) return false;
  const question = { ca: acme.directoryUrl, names: wantedNames(site), now: clock.now() };
  return !failedOfLate(await state.readLedger(), question);
}

/** A setback of the future was dated by a clock that was wrong, and so was the moment that it names. */
function isHeldBack({ at, notBefore, named }: Setback, options: IssueOptions, now: Date): boolean {
  return at <= now && now < notBefore && !options.force && (named === true || options.insist !== true);
}

function heldBackError(setback: Setback): DelegatedError {
  const { notBefore, message, hint, named } = setback;
  const after = hint === undefined ? '' : `${hint}; `;
  return new DelegatedError(
    'E_ACME_HELD_BACK',
    `not asked again before ${notBefore.toISOString()}: ${message}`,
    {
      hint: `${after}${named === true ? 'the CA has named that moment' : '`delegated renew` with the name of the site asks at once'}`,
      retry: retryAt(notBefore),
    },
  );
}

function setbackOf(
  error: DelegatedError,
  question: string,
  known: Setback | undefined,
  { acme }: Config,
  options: IssueOptions,
  { clock, dice }: Ports,
): Setback | null {
  const refusal = refusalOf(error);
  if (refusal === null) return null;
  const now = clock.now();
  const failures = (known?.failures ?? 0) + 1;
  const { current } = options;
  const leftMs = current === undefined ? undefined : current.notAfter.getTime() - now.getTime();
  const named = error.retry.kind === 'at';
  const retry = refusal === 'passing' || named ? error.retry : NEVER;
  const next = nextRetry({ failures, now, draw: dice.uniform(), retry, leftMs });
  // Whoever opened the page and forgot about us is not left without a certificate.
  const late = refusal === 'person' && current !== undefined ? lateFrom(current) : next;
  return {
    ca: acme.directoryUrl,
    at: now,
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
    failures,
    notBefore: late > next ? late : next,
    ...(named && { named }),
    ...(error.code === 'E_ACME_AUTHORIZATION' && { rehearse: true }),
    ...(isElsewhere(error, current === undefined ? 'none' : urgencyOf(current, now)) && { elsewhere: true }),
    question,
  };
}

/** The end of the pause, later where orders are scarce: what a rehearsal can tell costs none, and a named moment is the CA's. */
async function sparing(
  { ca, notBefore, named, rehearse }: Setback,
  site: SiteConfig,
  config: Config,
  options: IssueOptions,
  { clock, state }: Ports,
): Promise<Date> {
  const { current } = options;
  const rehearses = rehearse === true && needsRehearsal(site, config, options);
  if (current === undefined || named === true || rehearses) return notBefore;
  const question = { ca, names: wantedNames(site), now: clock.now() };
  const spread = spreadOrders(await state.readLedger(), question, current.notAfter);
  return spread !== null && spread > notBefore ? spread : notBefore;
}

async function remember({ serverName }: SiteConfig, setback: Setback, { state }: Ports): Promise<void> {
  const site = await state.readSite(serverName.text);
  const others = (site.setbacks ?? []).filter(({ ca }) => ca !== setback.ca);
  await state.writeSite(serverName.text, { ...site, setbacks: [...others, setback] });
}

/** An order may wait for its moment; what it has put into the zone may not. */
async function removeLeftovers(
  { serverName }: SiteConfig,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const journal = await ports.state.readJournal(serverName.text);
  if (journal === null || journal.challenges.length === 0) return;
  await setAside(journal, await takeBackValues(journal, config, ports, ctx), ports);
  await ports.state.writeJournal(serverName.text, { ...journal, challenges: [] });
}

/** Another question may have another answer. Secrets are no part of it, since it is written down. */
function questionOf(site: SiteConfig, { keyType }: CertificateConfig, { acme, providers }: Config): string {
  const provider = site.challengeProvider ?? site.provider;
  return JSON.stringify([
    wantedNames(site),
    keyType,
    site.zone,
    [provider, providers.get(provider)?.type],
    [acme.directoryUrl, acme.profile, acme.email, acme.termsOfServiceAgreed, acme.eab?.kid],
    ...(site.persist === undefined ? [] : [site.persist]),
  ]);
}

function urgency({ current }: IssueOptions, { clock }: Ports): Urgency {
  return current === undefined ? 'none' : urgencyOf(current, clock.now());
}

function dated(error: DelegatedError, notBefore: Date): DelegatedError {
  const { code, message, hint, outcome, cause } = error;
  return new DelegatedError(code, message, {
    ...(hint !== undefined && { hint }),
    retry: retryAt(notBefore),
    outcome,
    cause,
  });
}
