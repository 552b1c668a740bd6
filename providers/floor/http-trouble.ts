import { BACKOFF, DelegatedError, type Outcome } from '../../src/errors.ts';

/** What was asked of whom; all of it may be shown. */
export interface Asked {
  readonly vendor: string;
  /** Completes "asked to …". */
  readonly to: string;
  readonly write: boolean;
}

/** Nothing was sent when one of these happens: no address, no connection, no trust. */
const BEFORE_SENDING =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ERR_INVALID_URL|ERR_TLS_\w+|CERT_\w+|DEPTH_\w+|SELF_SIGNED_\w+|UNABLE_TO_\w+|ERR_SSL_\w+)$/;
const TRUST = /^(?:ERR_TLS_|CERT_|DEPTH_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_)/;

/** No answer came, because of the network or the TLS in between. */
export function brokenWay(error: unknown, asked: Asked, host: string): DelegatedError {
  const reason = reasonOf(error);
  const code = TRUST.test(reason) ? 'E_PROVIDER_UNSUPPORTED' : 'E_PROVIDER_UNAVAILABLE';
  return new DelegatedError(
    code,
    `${asked.vendor}, asked to ${asked.to}, cannot be reached at ${host} (${reason})`,
    {
      hint: TRUST.test(reason)
        ? 'the certificate of the API is not trusted; for a private CA set NODE_EXTRA_CA_CERTS to its PEM file'
        : 'check the URL of the API and the way to it',
      retry: BACKOFF,
      outcome: asked.write && !BEFORE_SENDING.test(reason) ? 'unknown' : 'not-applied',
    },
  );
}

export function tooSlow(asked: Asked, timeoutMs: number): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_TIMEOUT',
    `${asked.vendor}, asked to ${asked.to}, did not answer within ${timeoutMs / 1_000} s`,
    { hint: 'it is tried again by itself', retry: BACKOFF, outcome: outcomeOf(asked) },
  );
}

/** An answer came that its own documentation does not know. */
export function brokenAnswer(asked: Asked, what: string): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_UNAVAILABLE',
    `${asked.vendor}, asked to ${asked.to}, answers with what is no answer of its API: ${what}`,
    {
      hint: 'look for a proxy in between, and check the URL of the API',
      retry: BACKOFF,
      outcome: outcomeOf(asked),
    },
  );
}

function outcomeOf({ write }: Asked): Outcome {
  return write ? 'unknown' : 'not-applied';
}

/** `ECONNRESET`; fetch hides the reason in the cause, or in the first of several. */
function reasonOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return error instanceof Error ? error.message : 'unknown reason';
}
