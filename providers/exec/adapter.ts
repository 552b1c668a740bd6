import { defineAdapter } from '../adapter.ts';
import { CAPABILITIES } from './capabilities.ts';
import { execOptions } from './options.ts';

export const exec = defineAdapter({
  title: 'a program of your own (SRV as well with protocol json)',
  capabilities: CAPABILITIES,
  options: execOptions,
  environment: {},
  example: (serverName) =>
    'command: [/usr/local/bin/update-dns]   # run as: update-dns present _acme-challenge.NAME. VALUE\n' +
    `zones: ["${serverName}"]                # the zones that it serves\n` +
    '# protocol: json                       # for one that writes SRV records as well; then without zones\n',
  policy: () =>
    'The program runs as the user of delegated. Give it, by `environment`, no more than it needs:\n' +
    'PATH, HOME and LANG are the only variables that it inherits.',
  create: async (options, deps) => (await import('./index.ts')).createExec(options, deps),
});
