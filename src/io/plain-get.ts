import { setMaxListeners } from 'node:events';
import { request as httpRequest } from 'node:http';
import { aborted } from '../errors.ts';
import type { PlainOutcome } from '../federation/https-outcome.ts';
import type { HttpsRequest } from '../ports.ts';
import { connectionFailure } from './connection-failure.ts';
import { readResponse } from './read-response.ts';

/** A GET without TLS, as peers make one when a redirect sends them there. @throws DelegatedError E_ABORTED */
export function plainGet(
  { endpoint, host, path, maxBody, deadlineMs }: HttpsRequest,
  userAgent: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<PlainOutcome> {
  if (signal.aborted) return Promise.reject(aborted(signal));
  // One signal ends many requests at once, and each takes its listener away again.
  setMaxListeners(0, signal);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      host: endpoint.address,
      port: endpoint.port,
      path,
      headers: { host, accept: 'application/json', 'user-agent': userAgent },
      agent: false,
    });
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      sent.destroy();
      settle();
    };
    const onAbort = (): void => end(() => reject(aborted(signal)));
    const fail = (error: Error | null): void => {
      const message = error?.message ?? `no answer within ${Math.round(deadlineMs)} ms`;
      end(() => resolve({ kind: 'no-connection', why: connectionFailure(error), message }));
    };
    const timer = setTimeout(() => fail(null), deadlineMs);
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for good: a destroyed request may still report an error, which nobody waits for then.
    sent.on('error', fail);
    sent.on('response', (message) => {
      readResponse(message, maxBody).then(
        (response) => end(() => resolve({ kind: 'response', response })),
        fail,
      );
    });
    sent.end();
  });
}
