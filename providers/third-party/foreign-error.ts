import {
  BACKOFF,
  DelegatedError,
  ERROR_CODES,
  type ErrorCode,
  NEVER,
  type Outcome,
  type Retry,
  aborted,
} from '../../src/errors.ts';

/** The call that failed. */
export interface ForeignCall {
  /** Whose it is: `providers.main (pkg:@scope/name)` */
  readonly place: string;
  /** `apply` */
  readonly method: string;
  readonly write: boolean;
  readonly signal?: AbortSignal;
}

/** Those that a provider can know of; the others are about our own doings. */
const THEIRS: ReadonlySet<string> = new Set<ErrorCode>([
  'E_ABORTED',
  'E_CONFIG',
  'E_SECRET',
  'E_DOMAIN_NAME',
  'E_ZONE_NOT_FOUND',
  'E_RECORD_CNAME',
  'E_PROVIDER_AUTH',
  'E_PROVIDER_CLOCK',
  'E_PROVIDER_FORBIDDEN',
  'E_PROVIDER_CONFLICT',
  'E_PROVIDER_RATE_LIMITED',
  'E_PROVIDER_UNAVAILABLE',
  'E_PROVIDER_TIMEOUT',
  'E_PROVIDER_REJECTED',
  'E_PROVIDER_UNSUPPORTED',
]);
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E_ABORTED',
  'E_PROVIDER_CONFLICT',
  'E_PROVIDER_RATE_LIMITED',
  'E_PROVIDER_UNAVAILABLE',
  'E_PROVIDER_TIMEOUT',
]);
/** After one of these nobody can tell whether a write arrived, unless the provider says so. */
const UNCERTAIN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'E_ABORTED',
  'E_PROVIDER_UNAVAILABLE',
  'E_PROVIDER_TIMEOUT',
]);

/**
 * Whatever a third party threw, as one of ours. It is known by its fields and not by its class, so that nobody has to
 * import ours: `code`, `message`, and where they are given `hint`, `retry` and `outcome`.
 */
export function fromForeign(thrown: unknown, call: ForeignCall): DelegatedError {
  if (thrown instanceof DelegatedError) return thrown;
  const code = field(thrown, 'code');
  if (isTheirs(code)) return translated(thrown, code, call);
  if (call.signal?.aborted === true) {
    const { code: why, message, hint, retry } = aborted(call.signal);
    const outcome: Outcome = call.write ? 'unknown' : 'not-applied';
    return new DelegatedError(why, message, { ...(hint === undefined ? {} : { hint }), retry, outcome });
  }
  const says = field(thrown, 'message') ?? thrown;
  return new DelegatedError(
    'E_PROVIDER_UNAVAILABLE',
    `${call.place} failed in ${call.method}: ${typeof says === 'string' ? says : 'it threw no error'}`,
    {
      hint: 'the provider does not say what this means: ask those who made it; it is tried again by itself',
      retry: BACKOFF,
      outcome: call.write ? 'unknown' : 'not-applied',
      cause: thrown,
    },
  );
}

function translated(thrown: unknown, code: ErrorCode, { write, place }: ForeignCall): DelegatedError {
  const message = field(thrown, 'message');
  const hint = field(thrown, 'hint');
  const outcome = field(thrown, 'outcome');
  return new DelegatedError(
    code,
    typeof message === 'string' && message !== '' ? message : `${place}: ${ERROR_CODES[code]}`,
    {
      ...(typeof hint === 'string' ? { hint } : {}),
      retry: retryOf(field(thrown, 'retry')) ?? (PASSING.has(code) ? BACKOFF : NEVER),
      outcome: isOutcome(outcome) ? outcome : write && UNCERTAIN.has(code) ? 'unknown' : 'not-applied',
      cause: thrown,
    },
  );
}

function retryOf(retry: unknown): Retry | null {
  switch (field(retry, 'kind')) {
    case 'never':
      return NEVER;
    case 'backoff':
      return BACKOFF;
    case 'at': {
      const at = field(retry, 'at');
      return at instanceof Date && !Number.isNaN(at.getTime()) ? { kind: 'at', at } : null;
    }
    default:
      return null;
  }
}

function isTheirs(code: unknown): code is ErrorCode {
  return typeof code === 'string' && THEIRS.has(code);
}

function isOutcome(outcome: unknown): outcome is Outcome {
  return outcome === 'not-applied' || outcome === 'unknown' || outcome === 'partial';
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
