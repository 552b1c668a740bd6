import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  // One change is made as a whole or not at all.
  atomic: 'changes',
  // A deletion names the RRset exactly as it stands, an addition one that does not; anything else is refused.
  cas: 'full',
  ttl: { min: 1, max: 0x7fffffff },
  // 1,000 additions and 1,000 deletions was the last limit that Google published (verified 2026-11: it names none).
  changesPerApply: 500,
  propagation: { typicalMs: 10_000, maxMs: 120_000 },
};
