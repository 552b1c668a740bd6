import { setTimeout as sleep } from 'node:timers/promises';
import { BACKOFF, DelegatedError, aborted } from '../../src/errors.ts';
import type { Ctx, Receipt, Zone } from '../../src/provider.ts';
import { apiChange } from './answers.ts';
import { CAPABILITIES } from './capabilities.ts';
import type { Client } from './transport.ts';

const FIRST_MS = 250;
const LONGEST_MS = 5_000;
const GROWTH = 1.6;

export type Pause = (ms: number, signal: AbortSignal) => Promise<unknown>;

export const pauseFor: Pause = (ms, signal) => sleep(ms, undefined, { signal });

/**
 * Asks until all name servers have the change: most are done within seconds.
 * @throws DelegatedError E_PROVIDER_TIMEOUT after as long as `capabilities` say, E_ABORTED
 */
export async function settle(
  client: Client,
  zone: Zone,
  { handle }: Receipt,
  { signal }: Ctx,
  pause: Pause,
): Promise<void> {
  if (handle === undefined) return;
  let waited = 0;
  for (let ms = FIRST_MS; ; ms = Math.min(ms * GROWTH, LONGEST_MS)) {
    const { status } = await client.ask({ to: `show the change ${handle}`, signal }, apiChange, (dns) =>
      dns.zone(zone.id).change(encodeURIComponent(handle)).getMetadata(),
    );
    if (status === 'done') return;
    if (waited >= CAPABILITIES.propagation.maxMs) throw pending(handle, waited);
    await pause(ms, signal).catch((error: unknown) => {
      throw signal.aborted ? aborted(signal) : error;
    });
    waited += ms;
  }
}

function pending(handle: string, waited: number): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_TIMEOUT',
    `Google Cloud DNS took the change ${handle}, and calls it pending after ${Math.round(waited / 1_000)} s`,
    { hint: 'see https://status.cloud.google.com; it is looked at again by itself', retry: BACKOFF },
  );
}
