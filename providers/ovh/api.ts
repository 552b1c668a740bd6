import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { BACKOFF, DelegatedError } from '../../src/errors.ts';
import { type HttpRequest, type OutgoingRequest, createHttpApi } from '../floor/http-api.ts';
import type { Explain, Explanation } from '../floor/http-failure.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { apiError, serverTime } from './answers.ts';
import type { OvhOptions } from './options.ts';

export const VENDOR = 'OVH';

export interface OvhApi {
  /** @throws DelegatedError as an HTTP API of the floor does */
  ask<T>(request: HttpRequest, answer: z.ZodType<T>, signal: AbortSignal): Promise<T>;
  /** For what answers nothing that matters. @throws DelegatedError likewise */
  tell(request: HttpRequest, signal: AbortSignal): Promise<void>;
}

const MS = 1_000;

/** Requests signed with the time of the other side, so that our clock need not be right. */
export function createOvhApi(options: OvhOptions, deps: { readonly now: () => Date }): OvhApi {
  const { endpoint, applicationKey, applicationSecret, consumerKey } = options;
  const common = {
    vendor: VENDOR,
    baseUrl: endpoint,
    secrets: [applicationSecret, consumerKey],
    explain,
    timeoutMs: options.timeout * MS,
    now: deps.now,
  };
  let aheadMs: number | undefined;
  const unsigned = createHttpApi({ ...common, authorize: () => ({}) });
  const signed = createHttpApi({
    ...common,
    authorize: (request) => {
      const timestamp = Math.round((deps.now().getTime() + (aheadMs ?? 0)) / MS);
      return {
        'x-ovh-application': applicationKey,
        'x-ovh-consumer': consumerKey,
        'x-ovh-timestamp': String(timestamp),
        'x-ovh-signature': signature(request, applicationSecret, consumerKey, timestamp),
      };
    },
  });

  async function learnTime(signal: AbortSignal): Promise<void> {
    const request = { method: 'GET', path: '/auth/time', to: 'tell the time', write: false } as const;
    const { json } = await unsigned.send(request, signal);
    aheadMs = parseAnswer(serverTime, json, { vendor: VENDOR, ...request }) * MS - deps.now().getTime();
  }

  async function send(request: HttpRequest, signal: AbortSignal): Promise<unknown> {
    if (aheadMs === undefined) await learnTime(signal);
    try {
      return (await signed.send(request, signal)).json;
    } catch (error) {
      // The clock was set meanwhile: the next request asks for the time again.
      if (error instanceof DelegatedError && error.code === 'E_PROVIDER_CLOCK') aheadMs = undefined;
      throw error;
    }
  }

  return {
    ask: async (request, answer, signal) =>
      parseAnswer(answer, await send(request, signal), { vendor: VENDOR, ...request }),
    tell: async (request, signal) => {
      await send(request, signal);
    },
  };
}

/** https://docs.ovh.com/gb/en/customer/first-steps-with-ovh-api/ (verified 2026-11) */
export function signature(
  { method, url, body }: OutgoingRequest,
  applicationSecret: string,
  consumerKey: string,
  timestamp: number,
): string {
  const text = [applicationSecret, consumerKey, method, url, body ?? '', timestamp].join('+');
  return `$1$${createHash('sha1').update(text).digest('hex')}`;
}

const CODES: Readonly<Record<string, Explanation>> = {
  INVALID_SIGNATURE: {
    code: 'E_PROVIDER_AUTH',
    hint: 'check applicationSecret and consumerKey, and that the endpoint is the one of the account',
  },
  INVALID_KEY: { code: 'E_PROVIDER_AUTH' },
  INVALID_CREDENTIAL: {
    code: 'E_PROVIDER_AUTH',
    hint: 'the consumerKey is unknown, expired or not yet validated: make a new one',
  },
  NOT_CREDENTIAL: { code: 'E_PROVIDER_AUTH' },
  NOT_GRANTED_CALL: {
    code: 'E_PROVIDER_FORBIDDEN',
    hint: 'make a new consumerKey with the rights that the README of the provider lists',
  },
  QUERY_TIME_OUT: { code: 'E_PROVIDER_CLOCK', retry: BACKOFF },
};

/** One record that is not there any more, as against a zone: "This service does not exist". */
const RECORD_GONE = /requested object .*does not exist/i;

const explain: Explain = ({ status, json }) => {
  const parsed = apiError.safeParse(json);
  if (!parsed.success) return null;
  const { message, errorCode, class: of } = parsed.data;
  const name = errorCode ?? of?.split('::').at(-1) ?? '';
  if (status === 404 && RECORD_GONE.test(message)) return { code: 'E_PROVIDER_CONFLICT', says: message };
  const known = Object.hasOwn(CODES, name) ? CODES[name] : undefined;
  return { ...known, says: message };
};
