import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['TXT'],
  reads: false,
  // One request for each value.
  atomic: 'record',
  cas: 'none',
  // The contract has no room for one; the server chooses.
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 100,
  // Whatever is behind it; what counts is what the name servers say.
  propagation: { typicalMs: 10_000, maxMs: 900_000 },
};
