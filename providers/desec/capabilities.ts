import type { Capabilities } from '../../src/provider.ts';

export const CAPABILITIES: Capabilities = {
  types: ['SRV', 'TXT'],
  reads: true,
  // One bulk request is one transaction.
  atomic: 'changes',
  // POST refuses what exists, and what only creates goes by POST. But a bulk that changes something as well has to be
  // a PATCH, which takes no condition; two requests would not be one transaction any more.
  cas: 'none',
  // The minimum of most domains. It is a property of the domain: lower below dedyn.io, or by an exception of the support.
  ttl: { min: 3_600, max: 86_400 },
  changesPerApply: 500,
  // deSEC's own plug-in of certbot waits for 80 s (certbot-dns-desec, 2026-11).
  propagation: { typicalMs: 30_000, maxMs: 300_000 },
};
