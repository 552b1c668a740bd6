import { createHetzner } from '../../../providers/hetzner/index.ts';
import { hetznerOptions } from '../../../providers/hetzner/options.ts';
import type { DnsProvider } from '../../../src/provider.ts';

export const ZONE = 'example.test';

export function openHetzner(baseUrl: string, apiToken: string): DnsProvider {
  return createHetzner(hetznerOptions.parse({ baseUrl, apiToken }), { now: () => new Date() });
}
