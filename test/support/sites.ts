import type { SiteConfig } from '../../src/config/config.ts';
import { under } from '../../src/dns/domain-name.ts';
import { EXAMPLE, type World, certificate, site } from './fake-ports.ts';

/** Sites of one hoster: a name, an output folder and an address each, one homeserver that serves them all. */
export function tenants(count: number): SiteConfig[] {
  return Array.from({ length: count }, (_, index) => tenant(`t${index}`));
}

export function tenant(label: string): SiteConfig {
  const name = `${label}.example.org`;
  const output = {
    directory: `/tls/${label}`,
    keyMode: 0o640,
    certificateMode: 0o644,
    layout: 'links',
  } as const;
  return site({ name, certificate: certificate({ outputs: [output] }) });
}

/** Puts a certificate into the store that is good for ninety days from now. */
export async function stored(world: World, of: SiteConfig): Promise<void> {
  const notBefore = world.clock.now();
  const notAfter = new Date(notBefore.getTime() + 90 * 24 * 3_600_000);
  const names = [under(of.serverName.text.replace('.example.org', ''), EXAMPLE)];
  const keyType = of.certificate?.keyType ?? 'ec256';
  const privateKey = await world.certificates.privateKey(keyType);
  const material = world.certificates.material({ names, privateKey, notBefore, notAfter });
  await world.ports().store.commit(of.serverName.text, material);
}
