import type { Capabilities } from '../../src/provider.ts';

/** Of the protocol lego, which is all that is known before a program has told its own. */
export const CAPABILITIES: Capabilities = {
  types: ['TXT'],
  reads: false,
  // One run for each value.
  atomic: 'record',
  cas: 'none',
  // The protocol has no room for one; the program chooses.
  ttl: { min: 0, max: 0x7fffffff },
  changesPerApply: 100,
  // As long as the slowest that people script; what counts is what the name servers say.
  propagation: { typicalMs: 10_000, maxMs: 900_000 },
};
