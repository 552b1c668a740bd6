/** Asks the CA when it would like a certificate to be renewed (RFC 9773), as rarely as it wants to be asked. */
import { problemOf } from './acme/problem-error.ts';
import { certIdOf } from './certificate/cert-id.ts';
import { type CertificateSight, knownOf } from './certificate-sight.ts';
import { certificateAuthoritiesOf } from './config/certificate-authorities-of.ts';
import type { Config } from './config/config.ts';
import { deadlineAfter } from './deadline.ts';
import { asDelegatedError } from './errors.ts';
import type { Ctx, Ports } from './ports.ts';
import {
  ASK_AGAIN_WITHOUT_OFFER,
  LONGEST_PAUSE,
  askAgainAfter,
  askAgainAfterFailure,
} from './schedule/ask-again.ts';
import type { KnownRenewalInfo } from './schedule/state.ts';

/** Directory URLs of CAs that did not answer in this run: a thousand sites do not wait for the same silence. */
export type SilentCas = Set<string>;

/** A suggestion is not worth waiting for. Milliseconds. */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Whatever the CA does, the renewal comes when the lifetime says so; an answer can only make it come earlier. So a CA
 * that does not answer is a line in the log and no error.
 * @returns whether something new is in the site's state
 * @throws DelegatedError E_STATE, E_ABORTED
 */
export async function learnRenewalInfo(
  sight: CertificateSight,
  config: Config,
  silent: SilentCas,
  ports: Ports,
  ctx: Ctx,
): Promise<boolean> {
  const { version, state, site } = sight;
  if (version === null) return false;
  const certId = certIdOf(version.facts);
  // Of unknown origin: the CA that we would order from knows it, or says that it does not.
  const ca = sight.issuedBy ?? config.acme.directoryUrl;
  const now = ports.clock.now();
  // RFC 9773 §4.3: nobody asks about a certificate that has expired.
  if (certId === null || now >= version.facts.notAfter || silent.has(ca)) return false;
  if (!certificateAuthoritiesOf(config.acme).some(({ directoryUrl }) => directoryUrl === ca)) return false;
  const known = knownOf(version, state);
  if (known?.ca === ca && !isTime(known.askAgainAt, now)) return false;
  const renewalInfo = await ask({ certId, ca, known, site: site.serverName.text }, silent, ports, ctx);
  await ports.state.writeSite(site.serverName.text, { ...state, renewalInfo });
  return true;
}

/** A moment further off than any that we write down was written by a clock that was wrong. */
function isTime(askAgainAt: Date, now: Date): boolean {
  const left = askAgainAt.getTime() - now.getTime();
  return left <= 0 || left > LONGEST_PAUSE;
}

interface Question {
  readonly certId: string;
  readonly ca: string;
  readonly known: KnownRenewalInfo | null;
  readonly site: string;
}

async function ask(
  { certId, ca, known, site }: Question,
  silent: SilentCas,
  ports: Ports,
  ctx: Ctx,
): Promise<KnownRenewalInfo> {
  const patience = deadlineAfter(ANSWER_TIMEOUT_MS, ports.clock);
  const after = (ms: number): Date => new Date(ports.clock.now().getTime() + ms);
  try {
    const acme = await ports.acme(ca);
    const info = await acme.renewalInfo(certId, { signal: AbortSignal.any([ctx.signal, patience.signal]) });
    if (info === null) return { certId, ca, askAgainAt: after(ASK_AGAIN_WITHOUT_OFFER) };
    const { window, retryAfterMs } = info;
    if (window.explanationUrl !== undefined && window.explanationUrl !== known?.window?.explanationUrl)
      ctx.log.warn('the CA explains when it would like the certificate to be renewed', {
        site,
        explanation: window.explanationUrl,
        start: window.start.toISOString(),
        end: window.end.toISOString(),
      });
    return { certId, ca, askAgainAt: after(askAgainAfter(retryAfterMs)), window };
  } catch (thrown) {
    if (ctx.signal.aborted) throw thrown;
    const { code, message, retry } = asDelegatedError(thrown);
    if (code === 'E_BUG') throw thrown;
    const failures = (known?.failures ?? 0) + 1;
    const { status = 0 } = problemOf(thrown) ?? {};
    // RFC 9773 §4.3.2: it does not know the certificate, and will not soon.
    const lasting = status >= 400 && status < 500 && status !== 429;
    if (!lasting) silent.add(ca);
    ctx.log.info('the CA does not say when to renew; the lifetime decides', {
      site,
      reason: patience.signal.aborted ? `no answer within ${ANSWER_TIMEOUT_MS / 1_000} s` : message,
    });
    const named = retry.kind === 'at' ? retry.at.getTime() - ports.clock.now().getTime() : undefined;
    const pause = lasting ? askAgainAfter() : askAgainAfterFailure(failures, named);
    const window = known?.ca === ca ? known.window : undefined;
    return { certId, ca, askAgainAt: after(pause), failures, ...(window !== undefined && { window }) };
  } finally {
    patience.clear();
  }
}
