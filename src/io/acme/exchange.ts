import type { IncomingMessage } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import { aborted } from '../../errors.ts';
import type { Answer } from './answer.ts';
import { unreachable } from './unreachable.ts';

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Milliseconds. */
export interface Limits {
  /** Until TCP and TLS stand. */
  readonly connectMs: number;
  /** Until the last octet of the answer is here. */
  readonly totalMs: number;
}

/** A chain of certificates has some 10 KiB. */
const LARGEST_BODY = 1024 * 1024;

/**
 * One request, one answer. Follows no redirect, tries nothing twice, waits for nothing but the answer; every status is
 * an answer.
 * @throws DelegatedError E_ACME_UNREACHABLE (retry: backoff) with the system's error as the cause, E_ABORTED
 */
export function exchange(
  request: Request,
  agent: Agent,
  limits: Limits,
  signal: AbortSignal,
): Promise<Answer> {
  if (signal.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    let sent = false;
    const { method, headers } = request;
    const message = httpsRequest(request.url, { agent, method, headers });
    const settle = (): void => {
      clearTimeout(connect);
      clearTimeout(total);
      signal.removeEventListener('abort', abort);
    };
    const giveUp = (error: Error): void => {
      settle();
      reject(error);
      message.destroy();
    };
    const fail = (cause: Error): void => {
      giveUp(unreachable(request.url, cause, sent));
    };
    const late = (ms: number, what: string): NodeJS.Timeout =>
      setTimeout(() => {
        fail(new Error(`${what} within ${ms / 1_000} s`));
      }, ms);
    const abort = (): void => {
      giveUp(aborted(signal));
    };
    const connect = late(limits.connectMs, 'no connection');
    const total = late(limits.totalMs, 'no complete answer');
    const connected = (): void => {
      sent = true;
      clearTimeout(connect);
    };
    signal.addEventListener('abort', abort, { once: true });
    message.once('socket', (socket) => {
      if (message.reusedSocket) connected();
      else socket.once('secureConnect', connected);
    });
    message.on('error', fail);
    message.once('response', (response) => {
      readBody(response)
        .then((body) => {
          settle();
          resolve(toAnswer(request.url, response, body));
        })
        .catch((cause: unknown) => {
          fail(cause instanceof Error ? cause : new Error(String(cause)));
        });
    });
    message.end(request.body);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const octets = Buffer.from(chunk);
    size += octets.length;
    if (size > LARGEST_BODY) throw new Error(`the answer is larger than ${LARGEST_BODY} octets`);
    chunks.push(octets);
  }
  return Buffer.concat(chunks).toString();
}

function toAnswer(url: string, { statusCode = 0, headers: raw }: IncomingMessage, body: string): Answer {
  const headers = Object.fromEntries(
    Object.entries(raw).map(([name, value = '']) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '');
  const data = isJson ? parseJson(body) : undefined;
  return { url, status: statusCode, headers, body, ...(data !== undefined && { data }) };
}

/** @returns undefined when it is none; whoever needs the data says so, and better */
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
