import { BACKOFF, DelegatedError } from '../../errors.ts';
import { errnoOf } from '../file-error.ts';

/**
 * A request that brought no answer.
 * @param sent whether the CA may have got it
 */
export function unreachable(url: string, cause: Error, sent: boolean): DelegatedError {
  const code = errnoOf(cause) ?? '';
  const { hostname, port } = new URL(url);
  const [reason, hint] = REASONS[code] ?? [cause.message || code || 'the connection failed', DEFAULT_HINT];
  return new DelegatedError(
    'E_ACME_UNREACHABLE',
    `no answer from the CA at ${hostname} port ${port === '' ? '443' : port}: ${reason}`,
    { hint, retry: BACKOFF, outcome: sent ? 'unknown' : 'not-applied', cause },
  );
}

/** The errors that a root which is not trusted leads to (openssl-verify(1)). */
export function isUntrusted(cause: unknown): boolean {
  return UNTRUSTED.has(errnoOf(cause) ?? '');
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

const DEFAULT_HINT = 'does a firewall let this machine out to the CA, and is `acme.ca` right?';
const TRUST_HINT =
  'a private CA needs its root in `acme.caCertificates` (a PEM file); with a public CA, something on the way is reading along';
const CLOCK_HINT = 'is the clock of this machine right?';

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ECONNREFUSED: ['connection refused', DEFAULT_HINT],
  ECONNRESET: ['the connection was reset', DEFAULT_HINT],
  EPIPE: ['the connection was closed', DEFAULT_HINT],
  EHOSTUNREACH: ['no route to the host', DEFAULT_HINT],
  ENETUNREACH: ['no route to the network', DEFAULT_HINT],
  ENOTFOUND: ['the name does not exist', 'is `acme.ca` right, and does /etc/resolv.conf name a resolver?'],
  EAI_AGAIN: ['the name could not be looked up', 'does the resolver in /etc/resolv.conf answer?'],
  EPROTO: ['it does not speak TLS', 'is `acme.ca` right?'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['it does not speak TLS', 'is `acme.ca` right?'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another name', 'is `acme.ca` right?'],
  CERT_HAS_EXPIRED: ['its certificate has expired', CLOCK_HINT],
  CERT_NOT_YET_VALID: ['its certificate is not yet valid', CLOCK_HINT],
  ...Object.fromEntries(
    [...UNTRUSTED].map((code) => [code, [`its certificate is not trusted (${code})`, TRUST_HINT]] as const),
  ),
};
