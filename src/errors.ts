/**
 * The error taxonomy. Every failure that is not a bug of ours is a `DelegatedError` with one of these codes; the
 * codes are stable, operators grep for them, and docs/operations.md has a row for each (a test compares the two).
 */
export const ERROR_CODES = {
  E_USAGE: 'the command line is wrong',
  E_CONFIG: 'the config file is wrong',
  E_SECRET: 'a secret cannot be read, or can be read by others',
  E_STATE: 'the state directory cannot be used',
  E_LOCKED: 'another process holds the lock',
  E_ABORTED: 'stopped on request before the work was done',
  E_BUG: 'a bug of ours',

  E_DOMAIN_NAME: 'not a domain name',
  E_SERVER_NAME: 'not a Matrix server name, or one that cannot be delegated by SRV',
  E_DNS_UNANSWERED: 'no usable answer from a name server',
  E_ZONE_NOT_FOUND: 'no zone for the name',
  E_RECORD_FOREIGN: 'a record exists and is not ours',
  E_RECORD_CNAME: 'a CNAME stands where our record has to go',
  E_TARGET_CNAME: 'an SRV target is an alias',
  E_TARGET_ADDRESS: 'an SRV target has no address',
  E_WOULD_EMPTY: 'the change would leave a live server name without any SRV record',
  E_SWITCH_REFUSED: 'a change of the SRV records would cut the server off from federation',
  E_SWITCH_UNDONE: 'federation failed through the new SRV records, so the old ones are back',
  E_SWITCH_UNPROVEN:
    'the new SRV records stand, and are not proven: federation fails and the old ones could not be put back, or nobody could look',
  E_NOT_PROPAGATED: 'an authoritative server does not serve the record',
  E_STANDING_VALUE: 'the standing value of dns-persist-01 is missing, or not good for what it is for',
  E_CHALLENGE_CNAME: 'the CNAME of _acme-challenge cannot be followed',

  E_PROVIDER_UNKNOWN: 'no such DNS provider',
  E_PROVIDER_AUTH: 'the DNS provider does not accept the credentials',
  E_PROVIDER_CLOCK: 'the DNS provider says that our clock is wrong',
  E_PROVIDER_FORBIDDEN: 'the credentials do not allow this change',
  E_PROVIDER_CONFLICT: 'somebody else changed the record meanwhile',
  E_PROVIDER_RATE_LIMITED: 'the DNS provider asks us to wait',
  E_PROVIDER_UNAVAILABLE: 'the DNS provider is out of order or out of reach',
  E_PROVIDER_TIMEOUT: 'the DNS provider did not answer in time',
  E_PROVIDER_REJECTED: 'the DNS provider refuses the value',
  E_PROVIDER_UNSUPPORTED: 'the DNS provider cannot do this',
  E_PROVIDER_FENCE: 'an adapter was about to touch a name that is not ours',

  E_ACME_TERMS: 'the terms of service of the CA are not agreed to',
  E_ACME_PROFILE: 'the CA has no such certificate profile',
  E_ACME_ACCOUNT: 'the CA does not accept the account',
  E_ACME_UNREACHABLE: 'the CA is out of reach',
  E_ACME_PROBLEM: 'the CA answered with a problem document',
  E_ACME_RATE_LIMITED: 'the CA asks us to wait',
  E_ACME_AUTHORIZATION: 'the CA could not validate a name',
  E_ACME_ORDER: 'the order cannot be completed',
  E_ACME_TIMEOUT: 'the CA did not finish in time',
  E_ACME_CERTIFICATE: 'the certificate that came is not the one that was ordered',
  E_ACME_HELD_BACK: 'the CA has refused before and is not asked again yet',
  E_ACME_CLOCK: 'our clock and that of the CA do not agree',
  E_ACME_LEDGER: 'too many orders or failed validations of these names in too short a time',

  E_CERTIFICATE_STORE: 'a certificate cannot be read from or written to the state directory',
  E_OUTPUT: 'a certificate cannot be written to an output directory',
  E_OUTPUT_OWNER: 'the owner or group of an output does not exist or may not be set',
  E_RELOAD: 'the homeserver could not be reloaded',
  E_NOT_SERVED: 'a federation address does not serve the new certificate',
  E_NOTIFY: 'somebody could not be told',
  E_CERTIFICATE_EXPIRED: 'a live certificate has expired',
} as const satisfies Record<`E_${string}`, string>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** When the same thing may be tried again. `at` is the earliest moment, named by the other side. */
export type Retry =
  { readonly kind: 'never' } | { readonly kind: 'backoff' } | { readonly kind: 'at'; readonly at: Date };

/** For writes: what we know of the other side's state. After `unknown` it must be read again before any retry. */
export type Outcome = 'not-applied' | 'unknown' | 'partial';

export interface ErrorDetails {
  /** One sentence that says what to do. */
  readonly hint?: string;
  /** Default: `never`. */
  readonly retry?: Retry;
  /** Default: `not-applied`. */
  readonly outcome?: Outcome;
  readonly cause?: unknown;
}

/** A failure with a stable code. Message and hint never carry a secret; the vendor's own error is the `cause`. */
export class DelegatedError extends Error {
  override readonly name = 'DelegatedError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retry: Retry;
  readonly outcome: Outcome;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retry = details.retry ?? { kind: 'never' };
    this.outcome = details.outcome ?? 'not-applied';
  }
}

export const NEVER: Retry = { kind: 'never' };
export const BACKOFF: Retry = { kind: 'backoff' };

export function retryAt(at: Date): Retry {
  return { kind: 'at', at };
}

/** Whatever was thrown, as one of ours; what is not ours is a bug and keeps its stack as the cause. */
export function asDelegatedError(thrown: unknown): DelegatedError {
  if (thrown instanceof DelegatedError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DelegatedError('E_BUG', `unexpected: ${message}`, {
    hint: 'this is a bug of delegated: please report it with the output of the same command and --verbose',
    cause: thrown,
  });
}

/** Thrown by every port when its signal fires. */
export function aborted(signal: AbortSignal): DelegatedError {
  if (signal.reason instanceof DelegatedError) return signal.reason;
  return new DelegatedError('E_ABORTED', 'stopped on request', { retry: BACKOFF, outcome: 'unknown' });
}
