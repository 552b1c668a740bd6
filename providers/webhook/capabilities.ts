import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  // Whether a webhook keeps SRV shows in what it makes of one: it is asked before each write, and read after it.
  types: ['SRV', 'TXT'],
  reads: true,
  // The protocol promises nothing about what is done when a part of it fails.
  atomic: 'record',
  cas: 'none',
  // 0 means to it that nothing was said.
  ttl: { min: 1, max: 0x7fffffff },
  changesPerApply: 100,
  propagation: { typicalMs: 30_000, maxMs: 300_000 },
};
