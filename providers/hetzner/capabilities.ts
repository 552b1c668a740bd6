import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  // Each write is about one RRset; there is no transaction over several.
  atomic: 'rrset',
  // Creating an RRset that exists is refused; set_records, change_ttl and DELETE take no condition.
  cas: 'create-only',
  ttl: { min: 60, max: 0x7fffffff },
  changesPerApply: 100,
  propagation: { typicalMs: 2_000, maxMs: 120_000 },
};
