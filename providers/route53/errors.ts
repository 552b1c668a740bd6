import { BACKOFF, DelegatedError, type ErrorCode } from '../../src/errors.ts';
import { type Explanation, failureOf } from '../floor/http-failure.ts';
import { type Asked, brokenAnswer, brokenWay } from '../floor/http-trouble.ts';
import { sdkError } from './answers.ts';

export interface Circumstances {
  readonly asked: Asked;
  /** Where the API is, for people. */
  readonly host: string;
  readonly now: Date;
  readonly hide: (text: string) => string;
}

/** What the SDK threw, as one of ours. It is no cause: it carries the request, and with it the session token. */
export function translated(error: unknown, { asked, host, now, hide }: Circumstances): DelegatedError {
  const parsed = sdkError.safeParse(error);
  const status = parsed.data?.$response?.statusCode ?? parsed.data?.$metadata?.httpStatusCode;
  if (parsed.data === undefined || status === undefined) return brokenWay(error, asked, host);
  const { name, message, Messages, $response } = parsed.data;
  if (status < 300) return brokenAnswer(asked, `status ${status} with a body that is none`);
  const told = explain(
    Messages === undefined ? name : 'InvalidChangeBatch',
    Messages?.join(' ') ?? message,
    status,
  );
  const headers = new Headers($response?.headers);
  return failureOf({ asked, status, headers, json: null, now, hide }, () => told);
}

/**
 * @see https://docs.aws.amazon.com/Route53/latest/APIReference/CommonErrors.html and the errors of each action there
 * (verified 2026-11)
 */
const CODES: Readonly<Record<string, Explanation>> = {
  Throttling: { code: 'E_PROVIDER_RATE_LIMITED', hint: hintOfThrottling() },
  ThrottlingException: { code: 'E_PROVIDER_RATE_LIMITED', hint: hintOfThrottling() },
  // Another change of the same zone is not taken in yet; this one was not looked at.
  PriorRequestNotComplete: { code: 'E_PROVIDER_UNAVAILABLE', retry: BACKOFF },
  ServiceUnavailable: { code: 'E_PROVIDER_UNAVAILABLE' },
  NoSuchHostedZone: { code: 'E_ZONE_NOT_FOUND' },
  // Our own change, which was taken a moment ago.
  NoSuchChange: { code: 'E_PROVIDER_UNAVAILABLE', retry: BACKOFF },
  AccessDenied: { code: 'E_PROVIDER_FORBIDDEN' },
  AccessDeniedException: { code: 'E_PROVIDER_FORBIDDEN' },
  NotAuthorizedException: { code: 'E_PROVIDER_FORBIDDEN' },
  OptInRequired: { code: 'E_PROVIDER_FORBIDDEN' },
  InvalidClientTokenId: { code: 'E_PROVIDER_AUTH' },
  UnrecognizedClientException: { code: 'E_PROVIDER_AUTH' },
  MissingAuthenticationToken: { code: 'E_PROVIDER_AUTH' },
  IncompleteSignature: { code: 'E_PROVIDER_AUTH' },
  InvalidSignatureException: { code: 'E_PROVIDER_AUTH' },
  SignatureDoesNotMatch: { code: 'E_PROVIDER_AUTH' },
  ExpiredToken: { code: 'E_PROVIDER_AUTH', hint: 'the session has ended: get new temporary credentials' },
  RequestExpired: { code: 'E_PROVIDER_CLOCK', hint: 'set the clock of this machine (NTP)', retry: BACKOFF },
};

/** The clock is told of in words only, under more than one code. */
const CLOCK = /signature (?:expired|not yet current)|is now (?:earlier|later) than/i;

/** All that a batch can be refused for has one code and is told apart by its words. */
const BATCH: readonly (readonly [RegExp, ErrorCode])[] = [
  [/already exists in zone|conflicts with other records/i, 'E_RECORD_CNAME'],
  [/already exists|was not found|do not match the current values/i, 'E_PROVIDER_CONFLICT'],
  [/not permitted in zone/i, 'E_ZONE_NOT_FOUND'],
];

function explain(name: string, message: string, status: number): Explanation {
  // What the SDK says where the service said nothing.
  const says = /^UnknownError$|@aws-sdk/.test(message) ? {} : { says: message };
  if (CLOCK.test(message)) return { ...CODES['RequestExpired'], ...says };
  if (name === 'InvalidChangeBatch') {
    const code = BATCH.find(([words]) => words.test(message))?.[1] ?? 'E_PROVIDER_REJECTED';
    return { code, ...says };
  }
  const known = Object.hasOwn(CODES, name) ? CODES[name] : undefined;
  if (known !== undefined) return { ...known, ...says };
  return status === 404 ? { code: 'E_PROVIDER_UNSUPPORTED', ...says } : says;
}

function hintOfThrottling(): string {
  return 'an account may send five requests in a second, whoever sends them; it is tried again by itself';
}

/** No credentials were found, or the ones found could not be turned into usable ones. */
export function noCredentials(error: unknown, { asked }: Circumstances): DelegatedError {
  // Other messages may quote what a credential_process printed.
  const [says] =
    /^Could not (?:load|resolve) credentials[^\n]*/.exec(error instanceof Error ? error.message : '') ?? [];
  return new DelegatedError(
    'E_PROVIDER_AUTH',
    `${asked.vendor}, asked to ${asked.to}, was not asked: ${says ?? 'the AWS SDK got no credentials'}`,
    {
      hint: 'set accessKeyId and secretAccessKey, or a profile, or what the AWS SDK looks for by itself',
      // The metadata service of an instance can be out of order for a while.
      retry: BACKOFF,
    },
  );
}
