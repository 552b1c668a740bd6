import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  atomic: 'record',
  cas: 'none',
  byHand: true,
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 1000,
  // A person, and the DNS host after that; `wait` of the settings says how long it may take.
  propagation: { typicalMs: 300_000, maxMs: 900_000 },
};
