import type { SiteConfig } from './config/config.ts';
import type { CertificateFacts } from './certificate/facts.ts';
import type { DelegatedError } from './errors.ts';
import type { Ports } from './ports.ts';
import { nextRetry } from './schedule/backoff.ts';

/**
 * How a run ended for a site, for the next run and for `status`. Of several errors the first one counts.
 * @param current the certificate that is live
 */
export async function remember(
  site: SiteConfig,
  errors: readonly DelegatedError[],
  current: Pick<CertificateFacts, 'notAfter'> | null,
  ports: Ports,
): Promise<void> {
  const state = await ports.state.readSite(site.serverName.text);
  const now = ports.clock.now();
  const [error] = errors;
  if (error === undefined) {
    // A quiet run writes nothing: the disk of a host with thousands of names is not for saying "still well".
    if (state.failures === 0 && state.lastSuccess !== undefined && state.lastError === undefined) return;
    const { lastError: _e, retryAt: _r, failingSince: _s, ...rest } = state;
    await ports.state.writeSite(site.serverName.text, { ...rest, failures: 0, lastSuccess: now });
    return;
  }
  // Nothing was tried, so nothing has failed again: what is remembered is still why.
  const heldBack = errors.every(({ code }) => code === 'E_ACME_HELD_BACK');
  const isKnown = state.setbacks?.some(({ message }) => message === state.lastError?.message) === true;
  if (heldBack && isKnown && state.retryAt !== undefined && now < state.retryAt) return;
  const failures = state.failures + (heldBack ? 0 : 1);
  const { retry } = error;
  const leftMs = current === null ? undefined : current.notAfter.getTime() - now.getTime();
  await ports.state.writeSite(site.serverName.text, {
    ...state,
    failures,
    failingSince: state.failingSince ?? now,
    // The pause is over then, whatever has failed before it.
    retryAt:
      heldBack && retry.kind === 'at'
        ? retry.at
        : nextRetry({ failures, now, draw: ports.dice.uniform(), retry, leftMs }),
    lastError: {
      at: now,
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    },
  });
}
