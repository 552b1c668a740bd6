import type { SiteConfig } from './config/config.ts';
import type { Ports } from './ports.ts';

/**
 * Ends what a rollback began: from now on the certificate is renewed when it is due.
 * @returns whether renewals were held off
 */
export async function release({ serverName }: SiteConfig, { state, store }: Ports): Promise<boolean> {
  const { heldVersion, ...rest } = await state.readSite(serverName.text);
  if (heldVersion === undefined) return false;
  await state.writeSite(serverName.text, rest);
  return (await store.live(serverName.text)) === heldVersion;
}
