/** One deadline over a whole look at a server: what is not there by then counts as silence, not as an error of ours. */
import { BACKOFF, DelegatedError } from './errors.ts';
import type { HttpsOutcome } from './federation/https-outcome.ts';
import type { Clock, Ctx, DnsClient, HttpsLooker } from './ports.ts';

export interface BoundedPorts {
  readonly dns: DnsClient;
  readonly https: HttpsLooker;
}

/** @param ms for all that `work` does through the ports that it is given */
export async function withDeadline<T>(
  ms: number,
  ports: BoundedPorts & { readonly clock: Clock },
  ctx: Ctx,
  work: (bounded: BoundedPorts, ctx: Ctx) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  const signal = AbortSignal.any([ctx.signal, over.signal]);
  const timer = ports.clock.sleep(ms, AbortSignal.any([ctx.signal, done.signal])).then(
    () => over.abort(),
    () => undefined,
  );
  const unlessOver = async <R>(call: () => Promise<R>, instead: () => R): Promise<R> => {
    try {
      return await call();
    } catch (error) {
      if (over.signal.aborted && !ctx.signal.aborted) return instead();
      throw error;
    }
  };
  const bounded: BoundedPorts = {
    dns: {
      query: (server, question, inner) =>
        unlessOver(
          () => ports.dns.query(server, question, inner),
          () => {
            throw new DelegatedError('E_DNS_UNANSWERED', 'the time for the whole look is over', {
              retry: BACKOFF,
            });
          },
        ),
    },
    https: {
      get: (request, inner) => unlessOver(() => ports.https.get(request, inner), tooLate),
      getPlain: (request, inner) => unlessOver(() => ports.https.getPlain(request, inner), tooLate),
    },
  };
  try {
    return await work(bounded, { ...ctx, signal });
  } finally {
    done.abort();
    await timer;
  }
}

function tooLate(): Extract<HttpsOutcome, { readonly kind: 'no-connection' }> {
  return { kind: 'no-connection', why: 'timeout', message: 'the time for the whole look is over' };
}
