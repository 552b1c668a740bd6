import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  // Each record is a request of its own.
  atomic: 'record',
  cas: 'none',
  ttl: { min: 60, max: 86_400 },
  // About five requests each, one after the other: more would not be done within a minute.
  changesPerApply: 20,
  propagation: { typicalMs: 30_000, maxMs: 600_000 },
};
