import { BACKOFF, DelegatedError, NEVER } from '../../src/errors.ts';

const NO_CREDENTIALS =
  'set keyFile or credentials, or run where Google gives credentials: GOOGLE_APPLICATION_CREDENTIALS, ' +
  '`gcloud auth application-default login`, or a machine with a service account';

/**
 * What google-auth-library throws while it fetches a token. Its errors hold requests with keys and assertions, and some
 * messages quote the file that they could not read; so neither goes further, only codes do. Nothing was sent to the API.
 */
export function authFailure(error: unknown): DelegatedError {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('Could not load the default credentials'))
    return failure('there are no credentials', NO_CREDENTIALS);
  if (message.includes('Unable to detect a Project Id'))
    return failure('no project is named, and the credentials name none', 'set project');
  const status = numberAt(error, 'response', 'status') ?? numberAt(error, 'status');
  const oauth = oauthCode(error, message);
  if (status === 429 || (status !== undefined && status >= 500))
    return unavailable(`the token endpoint answers ${status}`);
  if (oauth !== undefined)
    return failure(
      `the token endpoint refuses the credentials (${oauth})`,
      oauth === 'invalid_grant'
        ? 'the key was deleted or disabled, or the clock of this machine is wrong'
        : 'check the credentials, and what the service account or the identity pool allows',
    );
  const code = textAt(error, 'code') ?? textAt(error, 'cause', 'code');
  if (code !== undefined && NETWORK.test(code))
    return unavailable(`the token endpoint cannot be reached (${code})`);
  if (code === 'ENOENT' || code === 'EACCES')
    return failure(
      `a file that the credentials name cannot be read (${code})`,
      'check its path and its rights',
    );
  const detail = status ?? code;
  return failure(
    `no token can be had with these credentials${detail === undefined ? '' : ` (${detail})`}`,
    'check the credentials: `gcloud auth application-default print-access-token` tries them without delegated',
  );
}

const NETWORK =
  /^(?:ECONN\w+|ENOTFOUND|EAI_\w+|EHOST\w+|ENET\w+|ETIMEDOUT|EPIPE|UND_ERR_\w+|ERR_TLS_\w+|CERT_\w+|UNABLE_TO_\w+|SELF_SIGNED_\w+|DEPTH_\w+)$/;

/** RFC 6749 §5.2. The library writes it into the message of its own for workload identity (RFC 8693). */
function oauthCode(error: unknown, message: string): string | undefined {
  const code =
    textAt(error, 'response', 'data', 'error') ?? /^Error code ([a-z_]+)/.exec(message)?.[1] ?? message;
  return /^(?:invalid|unauthorized|unsupported|access)_[a-z_]+$/.test(code) ? code : undefined;
}

function failure(what: string, hint: string): DelegatedError {
  return new DelegatedError('E_PROVIDER_AUTH', `Google Cloud DNS: ${what}`, { hint, retry: NEVER });
}

function unavailable(what: string): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNAVAILABLE', `Google Cloud DNS: ${what}`, {
    hint: 'it is tried again by itself',
    retry: BACKOFF,
  });
}

export function discoveryTooSlow(ms: number): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_AUTH',
    `Google Cloud DNS: no credentials were found within ${ms / 1_000} s`,
    { hint: NO_CREDENTIALS, retry: BACKOFF },
  );
}

export function tokenTooSlow(seconds: number): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_TIMEOUT',
    `Google Cloud DNS: the token endpoint did not answer within ${seconds} s`,
    { hint: 'it is tried again by itself', retry: BACKOFF },
  );
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, path);
  return typeof found === 'string' ? found : undefined;
}

function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, path);
  return typeof found === 'number' ? found : undefined;
}
