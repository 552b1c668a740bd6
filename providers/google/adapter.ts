import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { googleOptions } from './options.ts';
import { leastRights } from './policy.ts';

export const google = defineAdapter({
  title: 'Google Cloud DNS',
  capabilities: CAPABILITIES,
  options: googleOptions,
  environment: {
    project: ['GCE_PROJECT', 'GOOGLE_CLOUD_PROJECT'],
    keyFile: ['GCE_SERVICE_ACCOUNT_FILE'],
    credentials: ['GCE_SERVICE_ACCOUNT'],
  },
  example: () =>
    'project: my-project-1234\n' +
    'keyFile: /etc/delegated/google.json   # leave it out on Google Cloud: the machine has credentials of its own\n' +
    'zone: example-org                     # its name in Cloud DNS; then rights on this zone alone are enough\n',
  policy: leastRights,
  create: async (options, deps) => (await import('./index.ts')).createGoogle(options, deps),
});
