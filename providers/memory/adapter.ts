import { defineAdapter } from '../adapter.ts';
import { PROMISES } from './capabilities.ts';
import { memoryOptions } from './options.ts';

export const memory = defineAdapter({
  title: 'nothing behind it: for trials',
  capabilities: { types: ['SRV', 'TXT'], reads: true, ...PROMISES, propagation: { typicalMs: 0, maxMs: 0 } },
  options: memoryOptions,
  environment: {},
  example: (serverName) => `# For trials: nobody is served by it.\nzones: ["${serverName}"]\n`,
  policy: () => 'It needs no rights: it changes nothing in the world.',
  create: async (options) => (await import('./index.ts')).createMemory(options),
});
