import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { acmeDnsOptions } from './options.ts';

export const acmeDns = defineAdapter({
  title: 'acme-dns',
  capabilities: CAPABILITIES,
  options: acmeDnsOptions,
  environment: { server: ['ACME_DNS_API_BASE'] },
  example: () =>
    'server: https://auth.example.net       # for challenges only; it registers by itself\n' +
    '# allowFrom: [192.0.2.7/32]            # who may use the accounts\n',
  policy: (keys) =>
    'An account of acme-dns can set the TXT values of one name, and nothing else. Each of these names needs a CNAME\n' +
    'to the name of its account; the first run says which:\n' +
    keys
      .filter(({ type }) => type === 'TXT')
      .map(({ name }) => `  ${name}`)
      .join('\n'),
  create: async (options, deps) => (await import('./index.ts')).createAcmeDns(options, deps),
});
