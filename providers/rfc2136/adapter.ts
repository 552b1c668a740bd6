import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { rfc2136Options } from './options.ts';
import { updatePolicy } from './policy.ts';

export const rfc2136 = defineAdapter({
  title: 'DNS UPDATE with TSIG: BIND, Knot, PowerDNS and others',
  capabilities: CAPABILITIES,
  options: rfc2136Options,
  environment: {
    server: ['RFC2136_NAMESERVER'],
    'key.name': ['RFC2136_TSIG_KEY'],
    'key.algorithm': ['RFC2136_TSIG_ALGORITHM'],
    'key.secret': ['RFC2136_TSIG_SECRET'],
  },
  example: () =>
    'server: 127.0.0.1:53            # the primary name server of the zone\n' +
    'key:\n' +
    '  name: delegated\n' +
    '  algorithm: hmac-sha256\n' +
    '  secret: { file: /etc/delegated/tsig.secret }\n',
  policy: updatePolicy,
  create: async (options, deps) => (await import('./index.ts')).createRfc2136(options, deps),
});
