import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  atomic: 'changes',
  cas: 'full',
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 1000,
  propagation: { typicalMs: 0, maxMs: 1000 },
};
