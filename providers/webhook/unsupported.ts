import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { RRsetKey } from '../../src/provider.ts';
import { VENDOR } from './protocol.ts';

/** @param does completes "the webhook …" */
export function unsupported(key: RRsetKey, does: string): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNSUPPORTED', `${keyText(key)}: ${VENDOR} ${does}`, {
    hint: `this webhook, or the version that runs, has no support for ${key.type} records: ask those who made it`,
  });
}
