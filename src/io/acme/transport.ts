import { Agent } from 'node:https';
import * as tls from 'node:tls';
import { DelegatedError } from '../../errors.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Answer } from './answer.ts';
import { exchange, type Limits, type Request } from './exchange.ts';
import { isUntrusted } from './unreachable.ts';

export interface TransportOptions {
  /** PEM text of roots besides the usual ones. */
  readonly caCertificates?: string;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Limits;
  /** Sees every exchange that brought an answer. */
  readonly observe?: (request: Request, answer: Answer) => void;
}

export interface Transport {
  /** @throws DelegatedError E_ACME_UNREACHABLE, E_ABORTED; every status is an answer */
  send(request: Request, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

const LIMITS: Limits = { connectMs: 10_000, totalMs: 60_000 };
/** Shorter than any server keeps an idle connection, so that no request meets one that is just being closed. */
const IDLE_MS = 4_000;
const MAX_SOCKETS = 4;

/**
 * HTTPS to one CA over few kept connections.
 *
 * Who names roots of a private CA almost always talks to that CA, so those alone are trusted first; only when the chain
 * does not end in them it is tried again with all roots. To parse the 140 usual roots takes longer (20 ms) than all else
 * that a connection needs. Either way nothing was sent yet when a chain is refused.
 */
export function createTransport(options: TransportOptions): Transport {
  const { caCertificates, clock, limits = LIMITS } = options;
  const few = caCertificates === undefined ? null : newAgent([caCertificates]);
  let all: Agent | null = null;
  const widest = (): Agent => {
    all ??= newAgent(caCertificates === undefined ? undefined : [...usualRoots(), caCertificates]);
    return all;
  };
  const attempt = async (request: Request, signal: AbortSignal): Promise<Answer> => {
    if (few === null || all !== null) return exchange(request, widest(), limits, signal);
    try {
      return await exchange(request, few, limits, signal);
    } catch (error) {
      if (!(error instanceof DelegatedError) || !isUntrusted(error.cause)) throw error;
      return exchange(request, widest(), limits, signal);
    }
  };
  return {
    send: async (request, signal) => {
      const headers = { 'user-agent': options.userAgent, ...request.headers };
      const start = clock.monotonic();
      const answer = await attempt({ ...request, headers }, signal);
      options.log.debug('asked the CA', {
        method: request.method,
        url: request.url,
        status: answer.status,
        ms: Math.round(clock.monotonic() - start),
      });
      options.observe?.(request, answer);
      return answer;
    },
    close: () => {
      few?.destroy();
      all?.destroy();
    },
  };
}

function newAgent(ca: string[] | undefined): Agent {
  return new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    timeout: IDLE_MS,
    ...(ca !== undefined && { ca }),
  });
}

/** What Node trusts by itself, with NODE_EXTRA_CA_CERTS and the like where it can tell (22.15 and later). */
function usualRoots(): readonly string[] {
  const list: unknown = 'getCACertificates' in tls ? tls.getCACertificates : undefined;
  const roots: unknown = typeof list === 'function' ? list('default') : undefined;
  return Array.isArray(roots) && roots.every((root) => typeof root === 'string')
    ? roots
    : tls.rootCertificates;
}
