import { withoutWildcard } from '../dns/domain-name.ts';
import { dateIn, fieldsOf, type Fields, listIn, oneOfIn, textIn, urlIn } from './fields.ts';
import { isRecord } from './is-record.ts';
import { issuerDomainNames } from './issuer-domain-names.ts';
import { malformed } from './malformed.ts';
import type {
  Authorization,
  AuthorizationStatus,
  Challenge,
  ChallengeStatus,
  PersistChallenge,
} from './order.ts';
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
  const challenges = listIn(fields, 'challenges', what).filter(isRecord);
  const dns01 = challenges.find(({ type }) => type === 'dns-01');
  const persist = challenges.find(({ type }) => type === 'dns-persist-01');
  const persist01 = persist === undefined ? null : parsePersistChallenge(persist, what);
  return {
    url,
    status: oneOfIn(fields, 'status', STATUSES, what),
    name: withoutWildcard(dnsIdentifier(fields['identifier'], what)),
    wildcard: fields['wildcard'] === true,
    ...(expires !== undefined && { expires }),
    offers: challenges.flatMap(({ type }) => (typeof type === 'string' ? [printable(type)] : [])),
    ...(dns01 !== undefined && { dns01: parseChallenge(dns01, what) }),
    ...(persist01 !== null && { persist01 }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

function parseChallenge(fields: Fields, what: string): Challenge {
  const token = textIn(fields, 'token', what);
  if (!TOKEN.test(token)) throw malformed(what, 'the token of the dns-01 challenge is not base64url');
  return { ...whatAllHave(fields, what), token };
}

/** The draft renamed the field in -02 (2026-09); what CAs offered before is still out there. */
function parsePersistChallenge(fields: Fields, what: string): PersistChallenge | null {
  const issuers = issuerDomainNames(fields['issuerDomainNames'] ?? fields['issuer-domain-names']);
  return issuers === null ? null : { ...whatAllHave(fields, what), issuers };
}

function whatAllHave(fields: Fields, what: string): Omit<Challenge, 'token'> {
  const error = parseProblem(fields['error'], 0);
  return {
    url: urlIn(fields, 'url', what),
    status: oneOfIn(fields, 'status', CHALLENGE_STATUSES, what),
    ...(error !== null && { error }),
  };
}

/** It ends up on a terminal. */
function printable(type: string): string {
  return type.replace(/[^a-z0-9-]+/gi, ' ').slice(0, LONGEST_TYPE);
}

const LONGEST_TYPE = 40;
