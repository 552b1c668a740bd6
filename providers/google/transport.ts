/**
 * The way of the SDK's requests. Its own (teeny-request 10 on node-fetch 3, verified 2026-11) follows redirects with the
 * credentials, ignores every timeout, cannot be stopped, and tries POST again by itself; so the SDK builds a request and
 * fetches the token, and the request goes the way of every other adapter.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type * as z from 'zod';
import { DelegatedError, type ErrorCode } from '../../src/errors.ts';
import type { ProviderDeps } from '../adapter.ts';
import { type HttpApi, type HttpRequest, createHttpApi } from '../floor/http-api.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import type { GoogleDns, SdkRequest } from './api.ts';
import { explain } from './explain.ts';
import type { GoogleOptions } from './options.ts';
import { type Session, openSession } from './session.ts';
import { within } from './within.ts';

export const VENDOR = 'Google Cloud DNS';

export interface Call {
  /** Completes "asked to …" in errors. */
  readonly to: string;
  /** Default: false. */
  readonly write?: boolean;
  readonly signal: AbortSignal;
}

export interface Client {
  /**
   * Asks one thing.
   * @param send makes exactly one request
   * @returns the answer, of which the SDK has seen no more than was proven to be one
   */
  ask<T>(call: Call, answer: z.ZodType<T>, send: (dns: GoogleDns) => Promise<unknown>): Promise<T>;
}

/** What goes on around a request that the SDK builds: it hands no signal through. */
interface Going {
  readonly call: Call;
  readonly session: Session;
  readonly arrived: (json: unknown) => unknown;
}

export function createClient(options: GoogleOptions, deps: Pick<ProviderDeps, 'now' | 'hide'>): Client {
  const going = new AsyncLocalStorage<Going>();
  // One token at a time.
  const secrets: string[] = [];
  const api = createHttpApi({
    vendor: VENDOR,
    baseUrl: options.apiEndpoint,
    authorize: () => ({}),
    secrets,
    explain,
    timeoutMs: options.timeout * 1_000,
    now: deps.now,
  });
  let current: Promise<Session> | null = null;

  /** One for all calls, so that none of them may stop it. */
  function session(): Promise<Session> {
    if (current !== null) return current;
    const opening = openSession(options, deps).then((opened) => {
      opened.dns.makeAuthenticatedRequest = (request, callback) => {
        void sent(request).then(
          (body) => attempt(() => callback(null, body), callback),
          (error: unknown) => callback(asError(error)),
        );
      };
      return opened;
    });
    opening.catch(() => forget(opening));
    current = opening;
    return opening;
  }

  async function sent(request: SdkRequest): Promise<unknown> {
    const now = going.getStore();
    if (now === undefined) throw new Error('a request that nobody asked for');
    const authorization = Object.fromEntries(await now.session.authorize(now.call.signal));
    secrets[0] = authorization['authorization']?.replace(/^Bearer /i, '') ?? '';
    return now.arrived(await post(api, options.apiEndpoint, request, authorization, now.call));
  }

  /** The next call begins anew. */
  function forget(which: Promise<Session>): void {
    if (current === which) current = null;
  }

  return {
    async ask<T>(call: Call, answer: z.ZodType<T>, send: (dns: GoogleDns) => Promise<unknown>): Promise<T> {
      const asked = { vendor: VENDOR, to: call.to, write: call.write ?? false };
      const answers: T[] = [];
      const arrived = (json: unknown): unknown => {
        answers.push(parseAnswer(answer, json, asked));
        return json;
      };
      const mine = session();
      try {
        const opened = await within(mine, call.signal);
        await going.run({ call, session: opened, arrived }, () => send(opened.dns));
      } catch (error) {
        if (error instanceof DelegatedError && ANEW.has(error.code)) forget(mine);
        throw error;
      }
      const [first] = answers;
      if (first === undefined) throw new Error(`${call.to}: the SDK made no request`);
      return first;
    },
  };
}

/**
 * A key was replaced, a token revoked; or the library waits for a token endpoint that never answers, and would let every
 * later call wait for the same answer.
 */
const ANEW: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['E_PROVIDER_AUTH', 'E_PROVIDER_TIMEOUT']);

async function post(
  api: HttpApi,
  endpoint: string,
  { uri, method = 'GET', qs = {}, json, headers }: SdkRequest,
  authorization: Readonly<Record<string, string>>,
  { to, write = false, signal }: Call,
): Promise<unknown> {
  const query = Object.entries(qs).flatMap(([key, value]): [string, string | number][] =>
    typeof value === 'string' || typeof value === 'number' ? [[key, value]] : [],
  );
  const request: HttpRequest = {
    method: method === 'POST' ? 'POST' : 'GET',
    path: uri.slice(endpoint.length),
    query: Object.fromEntries(query),
    headers: { ...headers, ...authorization },
    to,
    write,
    ...(json === undefined ? {} : { body: json }),
  };
  return (await api.send(request, signal)).json;
}

/** What the SDK's own code throws is told as a failure: nobody else would hear of it. */
function attempt(work: () => void, failed: (error: Error) => void): void {
  try {
    work();
  } catch (error) {
    failed(asError(error));
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
