import { createPublicKey } from 'node:crypto';
import type { PublicJwk } from '../../acme/dns01-value.ts';
import { linkTarget } from '../../acme/link.ts';
import { malformed } from '../../acme/malformed.ts';
import { type Asked, NO_TYPE, problemError } from '../../acme/problem-error.ts';
import { parseProblem, type Problem } from '../../acme/problem.ts';
import { DelegatedError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';
import { type Answer, retryAfterOf } from './answer.ts';
import { signingLibrary } from './library.ts';
import { createNoncePool, nonceOf } from './nonce-pool.ts';
import { describeStatus } from './status-text.ts';
import type { Transport } from './transport.ts';

/** A request that the account's key signs (RFC 8555 §6.2). */
export interface SignedRequest {
  readonly url: string;
  /** Null for POST-as-GET. */
  readonly payload: object | null;
  /** The account URL; null where the key itself speaks. */
  readonly kid: string | null;
  /** For messages, such as `new order`. */
  readonly what: string;
  readonly asked?: Asked;
  readonly bindExternally?: boolean;
  readonly accept?: string;
}

export interface SignerOptions {
  readonly directoryUrl: string;
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
  readonly transport: Transport;
  readonly clock: Clock;
  readonly newNonceUrl: (signal: AbortSignal) => Promise<string>;
}

export interface AcmeKey {
  /** PKCS#8 PEM. */
  readonly pem: string;
  readonly jwk: PublicJwk;
}

export interface Signer {
  /** @returns a 2xx answer @throws DelegatedError as `problemError` says, E_ACME_UNREACHABLE, E_ABORTED */
  post(request: SignedRequest, key: AcmeKey, signal: AbortSignal): Promise<Answer>;
  /** The inside of a key change: signed by that key, sent by nobody (RFC 8555 §7.3.5). */
  sign(url: string, payload: object, key: AcmeKey): Promise<object>;
  /** A plain GET under the same rules. */
  get(url: string, what: string, signal: AbortSignal): Promise<Answer>;
}

/**
 * RFC 8555 §6.5 has badNonce tried again without end. A CA behind load balancers that do not share nonces, or Pebble at
 * its worst (nine of ten), needs dozens: with 100 one request in 40 000 fails.
 */
const BAD_NONCE_RETRIES = 100;
const AT_ONCE = 3;
const LONGEST_PAUSE_MS = 50;

const JSON_TYPES = 'application/json, application/problem+json';

/**
 * Signing is acme-client's. Every request gets its own client object, so that signals and nonces of requests that run
 * beside each other never meet; its HTTP is replaced by ours, and its retries, waiting and polling are not used.
 */
export function createSigner(options: SignerOptions): Signer {
  const { transport, clock } = options;
  const nonces = createNoncePool(clock);
  const freshNonce = async (signal: AbortSignal): Promise<string> => {
    const url = await options.newNonceUrl(signal);
    const pooled = nonces.take();
    if (pooled !== undefined) return pooled;
    const answer = await transport.send({ method: 'HEAD', url, headers: {} }, signal);
    if (!isSuccess(answer)) throw refusal(answer, 'new nonce', 'other', clock.now());
    return nonceOf(answer) ?? Promise.reject(malformed(`the answer of ${url}`, 'there is no Replay-Nonce'));
  };
  return {
    post: async (request, key, signal) => {
      // Side by side: while the CA works on the directory or the nonce, the library is loaded.
      const [nonce, { HttpClient, AcmeApi }] = await Promise.all([freshNonce(signal), signingLibrary()]);
      const http = new HttpClient<Answer>(options.directoryUrl, key.pem, options.eab ?? {});
      let first: string | undefined = nonce;
      let rejected = 0;
      http.jwk = key.jwk;
      http.maxBadNonceRetries = BAD_NONCE_RETRIES;
      http.getNonce = async () => {
        const next = first ?? (await freshNonce(signal));
        first = undefined;
        return next;
      };
      http.request = async (url, _method, { data }) => {
        const headers = {
          'content-type': 'application/jose+json',
          accept: request.accept ?? JSON_TYPES,
        };
        const answer = await transport.send(
          { method: 'POST', url, headers, body: JSON.stringify(data) },
          signal,
        );
        // The nonce of a badNonce answer is what acme-client signs its next attempt with.
        if (problemIn(answer)?.type !== 'badNonce') {
          nonces.put(answer);
          return answer;
        }
        rejected += 1;
        if (rejected > AT_ONCE)
          await clock.sleep(Math.min(2 ** (rejected - AT_ONCE), LONGEST_PAUSE_MS), signal);
        return answer;
      };
      const answer = await new AcmeApi(http, request.kid).apiRequest(request.url, request.payload, [], {
        includeJwsKid: request.kid !== null,
        includeExternalAccountBinding: request.bindExternally === true,
      });
      if (!isSuccess(answer)) throw refusal(answer, request.what, request.asked ?? 'other', clock.now());
      return answer;
    },
    sign: async (url, payload, key) => {
      const { HttpClient } = await signingLibrary();
      const http = new HttpClient<Answer>(options.directoryUrl, key.pem, {});
      http.jwk = key.jwk;
      return http.createSignedBody(url, payload);
    },
    get: async (url, what, signal) => {
      const answer = await transport.send({ method: 'GET', url, headers: { accept: JSON_TYPES } }, signal);
      nonces.put(answer);
      if (!isSuccess(answer)) throw refusal(answer, what, 'other', clock.now());
      return answer;
    },
  };
}

/** @throws DelegatedError E_SECRET when it is no private key that signs JWS */
export function acmeKey(pem: string, path: string): AcmeKey {
  try {
    const members = Object.entries(createPublicKey(pem).export({ format: 'jwk' }));
    const jwk = members.flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, value]] : [],
    );
    return { pem, jwk: Object.fromEntries(jwk.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
  } catch {
    // What OpenSSL says is dropped: it helps nobody, and the text is a secret.
    throw new DelegatedError('E_SECRET', `${path} does not hold a private key in PEM`, {
      hint: 'restore it from a backup; with a new key the CA sees a new account',
    });
  }
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function problemIn({ data, status }: Answer): Problem | null {
  return status >= 400 ? parseProblem(data, status) : null;
}

function refusal(answer: Answer, what: string, asked: Asked, now: Date): DelegatedError {
  const wait = retryAfterOf(answer, now);
  const problem = problemIn(answer) ?? {
    type: NO_TYPE,
    detail: describeStatus(answer),
    status: answer.status,
    subproblems: [],
  };
  return problemError(problem, {
    place: `${what} at ${new URL(answer.url).host}`,
    asked,
    retryAt: wait === undefined ? null : new Date(now.getTime() + wait),
    termsOfService: linkTarget(answer.headers['link'], 'terms-of-service', answer.url),
  });
}
