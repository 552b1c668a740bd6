import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { desecOptions } from './options.ts';
import { policy } from './policy.ts';

export const desec = defineAdapter({
  title: 'deSEC',
  capabilities: CAPABILITIES,
  options: desecOptions,
  environment: { token: ['DESEC_TOKEN'] },
  example: () => 'token: { file: /etc/delegated/desec.token } # Token Management at https://desec.io\n',
  policy,
  create: async (options, deps) => (await import('./index.ts')).createDesec(options, deps),
});
