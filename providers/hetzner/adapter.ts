import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { hetznerOptions } from './options.ts';

export const hetzner = defineAdapter({
  title: 'Hetzner (Cloud API)',
  capabilities: CAPABILITIES,
  options: hetznerOptions,
  environment: { apiToken: ['HETZNER_API_TOKEN', 'HCLOUD_TOKEN'] },
  example: () => 'apiToken: { file: /etc/delegated/hetzner.token } # of the project that holds the zones\n',
  policy: () =>
    'A token of the Hetzner Console belongs to a project and may read, or read and write, everything in it, servers\n' +
    'included. Narrower: a project that holds these zones and nothing else, with a read and write token of its own.',
  create: async (options, deps) => (await import('./index.ts')).createHetzner(options, deps),
});
