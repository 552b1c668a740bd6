import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { webhookOptions } from './options.ts';

export const webhook = defineAdapter({
  title: 'a webhook of external-dns: some 60 vendors',
  capabilities: CAPABILITIES,
  options: webhookOptions,
  environment: { url: ['EXTERNAL_DNS_WEBHOOK_PROVIDER_URL'] },
  example: (serverName) =>
    'url: http://127.0.0.1:8888       # where the webhook listens; it has the credentials\n' +
    `zones: ["${serverName}"]\n`,
  policy: () =>
    'The webhook has the credentials, and delegated has none: its documentation says which rights it needs. Nobody but\n' +
    'delegated should reach its port, since the protocol knows no password.',
  create: async (options, deps) => (await import('./index.ts')).createWebhook(options, deps),
});
