import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { ovhOptions } from './options.ts';

export const ovh = defineAdapter({
  title: 'OVHcloud',
  capabilities: CAPABILITIES,
  options: ovhOptions,
  environment: {
    endpoint: ['OVH_ENDPOINT'],
    applicationKey: ['OVH_APPLICATION_KEY'],
    applicationSecret: ['OVH_APPLICATION_SECRET'],
    consumerKey: ['OVH_CONSUMER_KEY'],
  },
  example: () =>
    'endpoint: ovh-eu                # or ovh-ca, ovh-us\n' +
    'applicationKey: { file: /etc/delegated/ovh.application-key }\n' +
    'applicationSecret: { file: /etc/delegated/ovh.application-secret }\n' +
    'consumerKey: { file: /etc/delegated/ovh.consumer-key }\n',
  policy: () =>
    'OVH knows no rights on single records. For each zone, when the key is made (https://eu.api.ovh.com/createToken/):\n' +
    [
      'GET /domain/zone',
      'GET /domain/zone/ZONE/record',
      'GET /domain/zone/ZONE/record/*',
      'POST /domain/zone/ZONE/record',
      'PUT /domain/zone/ZONE/record/*',
      'DELETE /domain/zone/ZONE/record/*',
      'POST /domain/zone/ZONE/refresh',
    ]
      .map((right) => `  ${right}`)
      .join('\n'),
  create: async (options, deps) => (await import('./index.ts')).createOvh(options, deps),
});
