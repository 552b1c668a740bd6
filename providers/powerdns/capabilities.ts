import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  // One PATCH is one transaction.
  atomic: 'changes',
  // It has no precondition: what is written between our look and our PATCH is lost.
  cas: 'none',
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 500,
  propagation: { typicalMs: 1000, maxMs: 120_000 },
};
