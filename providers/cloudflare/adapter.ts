import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { cloudflareOptions } from './options.ts';

export const cloudflare = defineAdapter({
  title: 'Cloudflare',
  capabilities: CAPABILITIES,
  options: cloudflareOptions,
  environment: { apiToken: ['CLOUDFLARE_DNS_API_TOKEN', 'CF_DNS_API_TOKEN'] },
  example: () =>
    'apiToken: { file: /etc/delegated/cloudflare.token }   # My Profile, API Tokens, template "Edit zone DNS"\n',
  policy: () =>
    'An API token with two permissions, under "Zone Resources" limited to the zones that are meant:\n' +
    '  Zone > Zone > Read\n' +
    '  Zone > DNS > Edit\n' +
    'Cloudflare limits no token to single records. Where that is too much, let a CNAME of _acme-challenge lead to a\n' +
    'zone of its own, and put the token to that one.',
  create: async (options, deps) => (await import('./index.ts')).openCloudflare(options, deps),
});
