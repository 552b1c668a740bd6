import { type ErrorCode, retryAt } from '../../src/errors.ts';
import type { Explain, Explanation } from '../floor/http-failure.ts';
import { errorList } from './answers.ts';
import { quotaEnd } from './quota.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly hint?: string;
}

const TOKEN_HINT =
  'check `apiToken`: an API token, not the Global API Key; `delegated provider check` tries it';
const ALIAS_HINT = 'remove the CNAME at that name';

/** The codes as they come on the wire; Cloudflare has no list of them (verified 2026-11). */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  1000: { code: 'E_PROVIDER_AUTH', hint: TOKEN_HINT },
  1038: {
    code: 'E_PROVIDER_UNSUPPORTED',
    hint: 'Cloudflare lets nobody change zones of this top-level domain through its API',
  },
  // A malformed token; on status 400.
  6003: { code: 'E_PROVIDER_AUTH', hint: TOKEN_HINT },
  7000: { code: 'E_ZONE_NOT_FOUND' },
  7003: { code: 'E_ZONE_NOT_FOUND' },
  9103: { code: 'E_PROVIDER_AUTH', hint: TOKEN_HINT },
  9106: { code: 'E_PROVIDER_AUTH', hint: TOKEN_HINT },
  9109: { code: 'E_PROVIDER_FORBIDDEN' },
  10001: { code: 'E_PROVIDER_AUTH', hint: TOKEN_HINT },
  10429: { code: 'E_PROVIDER_RATE_LIMITED' },
  81044: { code: 'E_PROVIDER_CONFLICT' },
  81045: { code: 'E_PROVIDER_REJECTED', hint: 'the zone is full: remove records, or take a larger plan' },
  81053: { code: 'E_RECORD_CNAME', hint: ALIAS_HINT },
  81054: { code: 'E_RECORD_CNAME', hint: ALIAS_HINT },
  81057: { code: 'E_PROVIDER_CONFLICT' },
  81058: { code: 'E_PROVIDER_CONFLICT' },
};

/** By the vendor's own code; the status says the rest. */
export const explain: Explain = ({ status, json, headers, now }) => {
  const parsed = errorList.safeParse(json);
  const errors = parsed.success ? parsed.data.errors : [];
  const flat = errors.flatMap(({ code, message, error_chain: chain }) => [
    { code, message },
    ...(chain ?? []),
  ]);
  const meant = status >= 500 ? undefined : flat.map((each) => meaning(each, status)).find(Boolean);
  const limited = status === 429 || meant?.code === 'E_PROVIDER_RATE_LIMITED';
  const end = limited && headers.get('retry-after') === null ? quotaEnd(headers, now) : null;
  const code = limited ? 'E_PROVIDER_RATE_LIMITED' : (meant?.code ?? (status < 300 ? REFUSED : undefined));
  const told: Explanation = {
    ...(code === undefined ? {} : { code }),
    ...(meant?.hint === undefined || limited ? {} : { hint: meant.hint }),
    ...(end === null ? {} : { retry: retryAt(end) }),
    ...(flat.length === 0 ? {} : { says: flat.map((each) => `${each.message} (${each.code})`).join('; ') }),
  };
  return told;
};

/** `success: false` on status 200, with a code that we do not know. */
const REFUSED: ErrorCode = 'E_PROVIDER_REJECTED';

function meaning({ code, message }: { code: number; message: string }, status: number): Meaning | undefined {
  // Of a token that is good, and may not do this in this zone, on 403; of one that is not good otherwise.
  if (code === 10000)
    return status === 403 ? { code: 'E_PROVIDER_FORBIDDEN' } : { code: 'E_PROVIDER_AUTH', hint: TOKEN_HINT };
  if (code === 9109 && /invalid access token/i.test(message))
    return { code: 'E_PROVIDER_AUTH', hint: TOKEN_HINT };
  return MEANINGS[code];
}
