import { type ErrorCode, retryAt } from '../../src/errors.ts';
import type { Explain, Explanation } from '../floor/http-failure.ts';
import { apiError } from './answers.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
}

const BUSY: Meaning = { code: 'E_PROVIDER_UNAVAILABLE' };

/** https://docs.hetzner.cloud/reference/cloud#errors */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  unauthorized: { code: 'E_PROVIDER_AUTH' },
  token_readonly: {
    code: 'E_PROVIDER_FORBIDDEN',
    hint: 'the token may only read; create one with read and write in the Hetzner Console',
  },
  forbidden: { code: 'E_PROVIDER_FORBIDDEN' },
  protected: {
    code: 'E_PROVIDER_FORBIDDEN',
    hint: 'switch the change protection of this RRset off in the Hetzner Console',
  },
  not_found: { code: 'E_ZONE_NOT_FOUND' },
  conflict: { code: 'E_PROVIDER_CONFLICT' },
  locked: {
    code: 'E_PROVIDER_CONFLICT',
    hint: 'another change of the zone runs; it is tried again by itself',
  },
  uniqueness_error: { code: 'E_PROVIDER_CONFLICT' },
  rate_limit_exceeded: { code: 'E_PROVIDER_RATE_LIMITED' },
  invalid_input: { code: 'E_PROVIDER_REJECTED' },
  incorrect_zone_mode: {
    code: 'E_PROVIDER_UNSUPPORTED',
    hint: 'a secondary zone is changed at its primary server',
  },
  maintenance: BUSY,
  resource_unavailable: BUSY,
  server_error: BUSY,
  service_error: BUSY,
  timeout: BUSY,
};

export const explain: Explain = ({ asked, status, headers, json }) => {
  const parsed = apiError.safeParse(json);
  const wait = status === 429 ? untilReset(headers) : {};
  if (!parsed.success) return wait;
  const { code, message } = parsed.data.error;
  // We have read zone and RRset a moment ago.
  const gone = asked.write && code === 'not_found';
  const meaning = gone ? MEANINGS['conflict'] : MEANINGS[code];
  return { ...meaning, ...wait, says: `${message} (${code})` };
};

/** RateLimit-Reset is a Unix time in seconds; Retry-After, where it comes, says it better. */
function untilReset(headers: Headers): Explanation {
  const reset = headers.get('ratelimit-reset') ?? '';
  if (headers.has('retry-after') || !/^\d{1,11}$/.test(reset)) return {};
  return { retry: retryAt(new Date(Number(reset) * 1_000)) };
}
