import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  atomic: 'changes',
  cas: 'full',
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 100,
  propagation: { typicalMs: 1000, maxMs: 60_000 },
};
