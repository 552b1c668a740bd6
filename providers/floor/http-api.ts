/** One vendor's HTTP API: what goes wrong on the way is translated here, once, for every adapter that speaks HTTP. */
import { aborted } from '../../src/errors.ts';
import { type Failure, type Explain, failureOf } from './http-failure.ts';
import { notSent } from './not-sent.ts';
import { brokenAnswer, brokenWay, tooSlow } from './http-trouble.ts';

export interface HttpApiOptions {
  /** As a person knows it: `PowerDNS`. */
  readonly vendor: string;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** What authorizes a request; called for each, since a signature covers it. */
  readonly authorize: (request: OutgoingRequest) => Readonly<Record<string, string>>;
  /** Texts that no error may show, whoever echoes them. */
  readonly secrets: readonly string[];
  /** What the vendor's own error codes mean; null where the status tells all. */
  readonly explain?: Explain;
  readonly timeoutMs: number;
  readonly now: () => Date;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Begins with a slash; its variable parts are encoded already. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Completes "asked to …" in errors. */
  readonly to: string;
  /** Whether the vendor's state is another one when it succeeds. */
  readonly write: boolean;
  /** Statuses besides 2xx that are an answer. */
  readonly accept?: readonly number[];
  /** Where the status says it all, and the body of a good answer may be anything: it is not looked at. */
  readonly statusOnly?: boolean;
}

export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; null without one. */
  readonly json: unknown;
}

export interface HttpApi {
  /**
   * @throws DelegatedError E_ABORTED, E_PROVIDER_UNAVAILABLE, E_PROVIDER_TIMEOUT, E_PROVIDER_AUTH,
   * E_PROVIDER_FORBIDDEN, E_PROVIDER_RATE_LIMITED, … A write of which we do not know has the outcome `unknown`.
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
}

/** More than any page of records; a server that sends more has lost its mind. */
const MOST_OCTETS = 64 * 1024 * 1024;

export function createHttpApi(options: HttpApiOptions): HttpApi {
  return {
    async send(request, signal) {
      if (signal.aborted) throw notSent(signal);
      const url = urlOf(options.baseUrl, request);
      const body = request.body === undefined ? undefined : JSON.stringify(request.body);
      const asked = { vendor: options.vendor, to: request.to, write: request.write };
      const late = AbortSignal.timeout(options.timeoutMs);
      const both = AbortSignal.any([signal, late]);
      let answer: { readonly response: Response; readonly text: string };
      try {
        const response = await fetch(url, {
          method: request.method,
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...options.authorize({ method: request.method, url, body }),
            ...request.headers,
          },
          ...(body === undefined ? {} : { body }),
          // The credentials would go along to wherever it points.
          redirect: 'manual',
          signal: both,
        });
        answer = { response, text: await textOf(response) };
      } catch (error) {
        if (signal.aborted) throw aborted(signal);
        if (late.aborted) throw tooSlow(asked, options.timeoutMs);
        throw brokenWay(error, asked, new URL(url).host);
      }
      return read(answer.response, answer.text, request, options);
    },
  };
}

function read(response: Response, text: string, request: HttpRequest, options: HttpApiOptions): HttpAnswer {
  const { status, headers } = response;
  const asked = { vendor: options.vendor, to: request.to, write: request.write };
  const json = parseJson(text);
  const good = response.ok || (request.accept?.includes(status) ?? false);
  if (good && request.statusOnly === true) return { status, headers, json: null };
  if (good && (json.ok || text === '')) return { status, headers, json: json.ok ? json.value : null };
  if (good) throw brokenAnswer(asked, `status ${status} with a body that is no JSON`);
  const failure: Failure = {
    asked,
    status,
    headers,
    json: json.ok ? json.value : null,
    now: options.now(),
    hide: (shown) => withoutSecrets(shown, options.secrets),
  };
  throw failureOf(failure, options.explain);
}

function urlOf(baseUrl: string, { path, query = {} }: HttpRequest): string {
  const url = new URL(baseUrl + path);
  for (const [key, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(key, String(value));
  return url.href;
}

export async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (response.body === null) return text;
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_OCTETS) throw new Error('the answer is too long');
  }
  return text + decoder.decode();
}

export function parseJson(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '[secret]')),
    text,
  );
}
