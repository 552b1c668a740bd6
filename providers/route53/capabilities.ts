import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  // One ChangeBatch is made whole or not at all.
  atomic: 'changes',
  // DELETE has to name the RRset exactly as it stands, and CREATE fails where one stands; UPSERT is never sent.
  cas: 'full',
  ttl: { min: 0, max: 0x7fffffff },
  // A batch holds 1,000 records and 32,000 characters of values, and a replaced RRset counts with its old and its new
  // ones: so many changes leave room for about ten SRV records each, before and after.
  changesPerApply: 50,
  propagation: { typicalMs: 30_000, maxMs: 300_000 },
};
