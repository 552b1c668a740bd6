import { withoutWildcard } from '../dns/domain-name.ts';
import { dateIn, fieldsOf, type Fields, listIn, oneOfIn, textIn, urlIn } from './fields.ts';
import { isRecord } from './is-record.ts';
import { malformed } from './malformed.ts';
import type { Authorization, AuthorizationStatus, Challenge, ChallengeStatus } from './order.ts';
import { dnsIdentifier } from './parse-order.ts';
import { parseProblem } from './problem.ts';

const STATUSES = [
  'pending',
  'valid',
  'invalid',
  'deactivated',
  'expired',
  'revoked',
] as const satisfies readonly AuthorizationStatus[];

const CHALLENGE_STATUSES = [
  'pending',
  'processing',
  'valid',
  'invalid',
] as const satisfies readonly ChallengeStatus[];

/** RFC 8555 §8: at least 128 bits of base64url. */
const TOKEN = /^[A-Za-z0-9_-]{16,256}$/;

/**
 * RFC 8555 §7.1.4.
 * @throws DelegatedError E_ACME_PROBLEM when a field that we need is missing or makes no sense
 */
export function parseAuthorization(body: unknown, url: string, retryAfterMs?: number): Authorization {
  const what = `the authorization ${url}`;
  const fields = fieldsOf(body, what);
  const expires = dateIn(fields, 'expires', what);
  const dns01 = listIn(fields, 'challenges', what)
    .filter(isRecord)
    .find(({ type }) => type === 'dns-01');
  return {
    url,
    status: oneOfIn(fields, 'status', STATUSES, what),
    name: withoutWildcard(dnsIdentifier(fields['identifier'], what)),
    wildcard: fields['wildcard'] === true,
    ...(expires !== undefined && { expires }),
    ...(dns01 !== undefined && { dns01: parseChallenge(dns01, what) }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

function parseChallenge(fields: Fields, what: string): Challenge {
  const token = textIn(fields, 'token', what);
  if (!TOKEN.test(token)) throw malformed(what, 'the token of the dns-01 challenge is not base64url');
  const error = parseProblem(fields['error'], 0);
  return {
    url: urlIn(fields, 'url', what),
    status: oneOfIn(fields, 'status', CHALLENGE_STATUSES, what),
    token,
    ...(error !== null && { error }),
  };
}
