import type { Capabilities } from '../../src/provider.ts';

/** As of acme-dns (https://github.com/joohoi/acme-dns, verified 2026-11). */
export const CAPABILITIES: Capabilities = {
  types: ['TXT'],
  reads: false,
  // One POST for each value.
  atomic: 'record',
  cas: 'none',
  // It answers with a TTL of 1, whatever is asked for.
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 100,
  // It is its own and only name server.
  propagation: { typicalMs: 0, maxMs: 10_000 },
};
