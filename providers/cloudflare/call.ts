/** One call through the SDK: deadline, body, envelope, and what went wrong in our own words. */
import * as z from 'zod';
import { DelegatedError, aborted, retryAt } from '../../src/errors.ts';
import { parseJson, textOf, withoutSecrets } from '../floor/http-api.ts';
import { failureOf } from '../floor/http-failure.ts';
import { type Asked, brokenAnswer, brokenWay, tooSlow } from '../floor/http-trouble.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { notSent } from '../floor/not-sent.ts';
import type { CloudflareApi, SendOptions, Sent } from './api.ts';
import { type Envelope, envelope } from './answers.ts';
import { explain } from './errors.ts';
import type { ApiAccess } from './open-api.ts';
import { quotaEnd } from './quota.ts';

const VENDOR = 'Cloudflare';

export interface Request {
  /** Completes "asked to …". */
  readonly to: string;
  readonly write?: boolean;
  readonly send: (api: CloudflareApi, options: SendOptions) => Sent;
}

export interface Caller {
  /**
   * @returns the envelope, which says success
   * @throws DelegatedError; a write of which we do not know has the outcome `unknown`
   */
  call(request: Request, signal: AbortSignal): Promise<Envelope>;
}

export function createCaller(api: CloudflareApi, access: ApiAccess, now: () => Date): Caller {
  let closedUntil: Date | null = null;

  return {
    async call(request, signal) {
      if (signal.aborted) throw notSent(signal);
      if (closedUntil !== null && closedUntil > now()) throw quotaUsedUp(asked(request), closedUntil);
      const late = AbortSignal.timeout(access.timeoutMs);
      const read = await readAnswer(request, AbortSignal.any([signal, late]));
      if (!read.ok && !isRefusal(read.error)) {
        if (signal.aborted) throw aborted(signal);
        if (late.aborted) throw tooSlow(asked(request), access.timeoutMs);
        throw brokenWay(read.error, asked(request), new URL(access.baseUrl).host);
      }
      const { status, headers, json } = read.ok ? read : refusal(read.error);
      closedUntil = quotaEnd(headers, now());
      if (status < 300 && json === undefined)
        throw brokenAnswer(asked(request), `status ${status} with a body that is no JSON`);
      const answer = status < 300 ? parseAnswer(envelope, json, asked(request)) : null;
      if (answer?.success === true) return answer;
      const hide = (text: string): string => withoutSecrets(text, [access.apiToken]);
      throw failureOf({ asked: asked(request), status, headers, json, now: now(), hide }, explain);
    },
  };

  async function readAnswer({ send }: Request, signal: AbortSignal): Promise<Read> {
    try {
      const response = await send(api, { signal }).asResponse();
      const parsed = parseJson(await textOf(response));
      const { status, headers } = response;
      return { ok: true, status, headers, json: parsed.ok ? parsed.value : undefined };
    } catch (error) {
      return { ok: false, error };
    }
  }
}

export function asked({ to, write = false }: Pick<Request, 'to' | 'write'>): Asked {
  return { vendor: VENDOR, to, write };
}

interface Received {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined where it is no JSON. */
  readonly json: unknown;
}

type Read = ({ readonly ok: true } & Received) | { readonly ok: false; readonly error: unknown };

/** The SDK's error for an answer that says no; those of the network have no status. */
const sdkRefusal = z.object({
  status: z.int(),
  headers: z.instanceof(Headers),
  error: z.unknown().optional(),
});

function isRefusal(error: unknown): boolean {
  return sdkRefusal.safeParse(error).success;
}

function refusal(error: unknown): Received {
  const { status, headers, error: json } = sdkRefusal.parse(error);
  return { status, headers, json };
}

function quotaUsedUp({ vendor, to }: Asked, until: Date): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_RATE_LIMITED',
    `${vendor} is not asked to ${to}: the quota is used up`,
    {
      hint: 'it is tried again when the quota is whole; fewer sites per account or a longer schedule help',
      retry: retryAt(until),
    },
  );
}
