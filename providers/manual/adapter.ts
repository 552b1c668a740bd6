import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { manualOptions } from './options.ts';

export const manual = defineAdapter({
  title: 'no API: a person publishes the records',
  capabilities: CAPABILITIES,
  options: manualOptions,
  environment: {},
  example: () => '# `renew` prints what to publish and waits until it is served.\nwait: 900\n',
  policy: () => 'It needs no credentials: you make the changes yourself, at your DNS host.',
  create: async (options, deps) => (await import('./index.ts')).createManual(options, deps),
});
