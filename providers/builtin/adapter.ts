import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { builtinOptions } from './options.ts';

export const builtin = defineAdapter({
  title: 'the name server inside delegated',
  capabilities: CAPABILITIES,
  options: builtinOptions,
  environment: {},
  example: (serverName) =>
    '# This name server answers for these zones itself: delegate them to it by NS records.\n' +
    'listen: ["0.0.0.0:53"]\n' +
    `zones: ["_matrix-fed._tcp.${serverName}", "_acme-challenge.${serverName}"]\n`,
  policy: () =>
    'It needs no credentials. It has to be allowed to listen on its addresses (port 53: CAP_NET_BIND_SERVICE, which\n' +
    'the systemd unit grants), and the parent zone has to delegate its zones to it.',
  create: async (options, deps) => (await import('./index.ts')).createBuiltin(options, deps),
});
