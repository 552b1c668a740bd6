import { BACKOFF, DelegatedError } from '../errors.ts';

/** An answer that does not say what RFC 8555 wants it to say is never taken for one that says nothing. */
export function malformed(what: string, why: string): DelegatedError {
  return new DelegatedError('E_ACME_PROBLEM', `malformed answer of the CA: ${what}: ${why}`, {
    hint: 'is `acme.ca` the directory URL of an ACME server (RFC 8555)?',
    retry: BACKOFF,
    outcome: 'unknown',
  });
}
