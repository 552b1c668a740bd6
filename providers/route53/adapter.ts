import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { route53Options } from './options.ts';
import { iamPolicy } from './policy.ts';
import { loadSdk } from './sdk.ts';

export const route53 = defineAdapter({
  title: 'Amazon Route 53',
  capabilities: CAPABILITIES,
  options: route53Options,
  environment: {
    region: ['AWS_REGION'],
    hostedZoneId: ['AWS_HOSTED_ZONE_ID'],
  },
  example: () =>
    'accessKeyId: { file: /etc/delegated/aws.id }          # or none, on a machine that has a role\n' +
    'secretAccessKey: { file: /etc/delegated/aws.secret }\n' +
    '# npm install -g @aws-sdk/client-route-53@3\n',
  policy: iamPolicy,
  async create(options, deps) {
    // The SDK finds these by itself; that they are secrets it does not tell.
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) {
      const secret = deps.env[name];
      if (secret !== undefined && secret !== '') deps.hide(secret);
    }
    const sdk = await loadSdk();
    return (await import('./index.ts')).createRoute53(options, { ...deps, sdk });
  },
});
