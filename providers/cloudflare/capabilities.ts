import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  // One batch is one transaction, and an RRset never spans two; but more than 200 records take several batches.
  atomic: 'rrset',
  // A record that vanished fails the batch, and so does an identical one that appeared. Other values do neither.
  cas: 'none',
  // 30 in Enterprise zones.
  ttl: { min: 60, max: 86_400 },
  changesPerApply: 200,
  propagation: { typicalMs: 5_000, maxMs: 120_000 },
};
