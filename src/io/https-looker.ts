import { setMaxListeners } from 'node:events';
import { type RequestOptions, request as httpsRequest } from 'node:https';
import {
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
  createSecureContext,
  rootCertificates,
} from 'node:tls';
import { aborted } from '../errors.ts';
import type { HttpsOutcome, TlsSight } from '../federation/https-outcome.ts';
import type { HttpsLooker, HttpsRequest } from '../ports.ts';
import { connectionFailure } from './connection-failure.ts';
import { plainGet } from './plain-get.ts';
import { readResponse } from './read-response.ts';
import { handshakeFailure } from './tls-failure.ts';
import { tlsSight } from './tls-sight.ts';

export interface HttpsLookerOptions {
  /** PEM of CAs that are trusted besides the usual roots. */
  readonly caCertificates?: string;
  readonly userAgent: string;
}

/** How far a request came; it decides what a failure means. */
type Stage =
  { readonly at: 'connecting' | 'shaking-hands' } | { readonly at: 'speaking'; readonly tls: TlsSight };

export function createHttpsLooker(options: HttpsLookerOptions): HttpsLooker {
  const { caCertificates } = options;
  // Once: to read all the roots takes longer than a handshake.
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(caCertificates === undefined ? {} : { ca: [...rootCertificates, caCertificates] }),
  });
  return {
    get(request, { signal }) {
      if (signal.aborted) return Promise.reject(aborted(signal));
      // One signal ends many requests at once, and each takes its listener away again.
      setMaxListeners(0, signal);
      return new Promise((resolve, reject) => {
        let stage: Stage = { at: 'connecting' };
        const sent = httpsRequest(requestOptions(request, options.userAgent, secureContext));
        const onAbort = (): void => end(() => reject(aborted(signal)));
        const end = (settle: () => void): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          sent.destroy();
          settle();
        };
        const fail = (error: Error | null): void => {
          end(() => resolve(failure(stage, error, request)));
        };
        const timer = setTimeout(() => fail(null), request.deadlineMs);
        signal.addEventListener('abort', onAbort, { once: true });
        sent.on('socket', (socket) => {
          socket.once('connect', () => (stage = { at: 'shaking-hands' }));
          socket.once('secureConnect', () => {
            if (isTls(socket)) stage = { at: 'speaking', tls: tlsSight(socket, request.certName) };
          });
        });
        // Stays for good: a destroyed request may still report an error, which nobody waits for then.
        sent.on('error', fail);
        sent.on('response', (message) => {
          readResponse(message, request.maxBody).then((response) => {
            if (stage.at !== 'speaking') return;
            const { tls } = stage;
            end(() => resolve({ kind: 'response', tls, response }));
          }, fail);
        });
        sent.end();
      });
    },
    getPlain: (request, ctx) => plainGet(request, options.userAgent, ctx),
  };
}

function requestOptions(
  request: HttpsRequest,
  userAgent: string,
  secureContext: SecureContext,
): RequestOptions & Pick<ConnectionOptions, 'secureContext'> {
  return {
    host: request.endpoint.address,
    port: request.endpoint.port,
    // The empty text keeps Node from making an SNI of the Host header.
    servername: request.sni ?? '',
    path: request.path,
    ...(request.preflight === undefined ? {} : { method: 'OPTIONS' }),
    headers: {
      host: request.host,
      accept: 'application/json',
      'user-agent': userAgent,
      ...(request.origin === undefined ? {} : { origin: request.origin }),
      ...(request.preflight === undefined
        ? {}
        : {
            'access-control-request-method': 'GET',
            'access-control-request-headers': request.preflight.headers,
          }),
    },
    agent: false,
    secureContext,
    // We look, we do not trust: a bad certificate is to be described, and what is sent here is public.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  };
}

/** @param error null when the time was over */
function failure(stage: Stage, error: Error | null, { deadlineMs }: HttpsRequest): HttpsOutcome {
  const message = error?.message ?? `no answer within ${Math.round(deadlineMs)} ms`;
  if (stage.at === 'speaking') return { kind: 'no-response', tls: stage.tls, message };
  const handshake = error === null ? 'timeout' : handshakeFailure(error);
  if (stage.at === 'shaking-hands') return { kind: 'no-handshake', why: handshake, message };
  return { kind: 'no-connection', why: connectionFailure(error), message };
}

function isTls(socket: object): socket is TLSSocket {
  return 'getPeerX509Certificate' in socket;
}
