import type { ErrorCode } from '../../src/errors.ts';
import type { Explain, Explanation } from '../floor/http-failure.ts';
import { apiError } from './answers.ts';

/** The `reason` of the first error is what Google keeps stable; its status and message are not always the same. */
const BY_REASON: Readonly<Record<string, ErrorCode>> = {
  rateLimitExceeded: 'E_PROVIDER_RATE_LIMITED',
  userRateLimitExceeded: 'E_PROVIDER_RATE_LIMITED',
  quotaExceeded: 'E_PROVIDER_RATE_LIMITED',
  dailyLimitExceeded: 'E_PROVIDER_RATE_LIMITED',
  forbidden: 'E_PROVIDER_FORBIDDEN',
  accessNotConfigured: 'E_PROVIDER_FORBIDDEN',
  authError: 'E_PROVIDER_AUTH',
  required: 'E_PROVIDER_REJECTED',
  invalid: 'E_PROVIDER_REJECTED',
  alreadyExists: 'E_PROVIDER_CONFLICT',
  conditionNotMet: 'E_PROVIDER_CONFLICT',
  cnameResourceRecordSetConflict: 'E_RECORD_CNAME',
  backendError: 'E_PROVIDER_UNAVAILABLE',
  internalError: 'E_PROVIDER_UNAVAILABLE',
};

const HINTS: Readonly<Record<string, string>> = {
  accessNotConfigured: 'enable the Cloud DNS API in the project: gcloud services enable dns.googleapis.com',
  cnameResourceRecordSetConflict: 'remove the CNAME at that name',
};

export const explain: Explain = ({ json }) => {
  const parsed = apiError.safeParse(json);
  if (!parsed.success) return null;
  const { message, errors } = parsed.data.error;
  const says = message === '' ? (errors[0]?.message ?? '') : message;
  const reasons = errors.map(({ reason }) => reason);
  const reason = reasons.find((each) => Object.hasOwn(BY_REASON, each)) ?? reasons[0];
  const code = codeOf(reason, says);
  const hint = reason === undefined ? undefined : HINTS[reason];
  return {
    ...(says === '' ? {} : { says }),
    ...(code === undefined ? {} : { code }),
    ...(hint === undefined ? {} : { hint }),
  } satisfies Explanation;
};

function codeOf(reason: string | undefined, says: string): ErrorCode | undefined {
  // 404 is said of a zone that is not there, and of an RRset that was to be deleted.
  if (reason === 'notFound')
    return says.includes("'entity.change") ? 'E_PROVIDER_CONFLICT' : 'E_ZONE_NOT_FOUND';
  return reason === undefined ? undefined : BY_REASON[reason];
}
