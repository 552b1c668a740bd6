import type { SiteConfig } from './config/config.ts';
import type { DelegatedError } from './errors.ts';
import type { Ports } from './ports.ts';
import { nextRetry } from './schedule/backoff.ts';

/** How a run ended for a site, for the next run and for `status`. Of several errors the first one counts. */
export async function remember(
  site: SiteConfig,
  errors: readonly DelegatedError[],
  ports: Ports,
): Promise<void> {
  const state = await ports.state.readSite(site.serverName.text);
  const now = ports.clock.now();
  const [error] = errors;
  if (error === undefined) {
    // A quiet run writes nothing: the disk of a host with thousands of names is not for saying "still well".
    if (state.failures === 0 && state.lastSuccess !== undefined && state.lastError === undefined) return;
    const { lastError: _e, retryAt: _r, ...rest } = state;
    await ports.state.writeSite(site.serverName.text, { ...rest, failures: 0, lastSuccess: now });
    return;
  }
  const failures = state.failures + 1;
  await ports.state.writeSite(site.serverName.text, {
    ...state,
    failures,
    retryAt: nextRetry(failures, now, ports.dice.uniform(), error.retry),
    lastError: {
      at: now,
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    },
  });
}
