import { randomInt } from 'node:crypto';
import { BACKOFF, DelegatedError } from '../errors.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import type { Clock, DnsClient, DnsQuestion, DnsResponse, Endpoint } from '../ports.ts';
import { Unanswered } from './dns/exchange.ts';
import { decodeResponse, encodeQuery } from './dns/message.ts';
import { tcpExchange } from './dns/tcp-exchange.ts';
import { udpExchange } from './dns/udp-exchange.ts';

export interface DnsClientOptions {
  /** For one query in all, retransmissions and the TCP fallback included. Milliseconds, default 2000. */
  readonly timeoutMs?: number;
  /** Octets that we take over UDP. Default 1232, which passes everywhere without fragments (DNS flag day 2020). */
  readonly udpPayload?: number;
  readonly clock?: Pick<Clock, 'monotonic'>;
}

const DEFAULT_TIMEOUT_MS = 2000;
const DEFAULT_UDP_PAYLOAD = 1232;
// What servers say that do not know EDNS, or not this version of it (RFC 6891 §7).
const REFUSES_EDNS = new Set(['FORMERR', 'NOTIMP', 'BADVERS']);

/**
 * A stub resolver's half of RFC 1035 over UDP and TCP. Node's own resolver shows neither AA, AD, TTL nor the
 * authority section and always asks for recursion, so it cannot tell what an authoritative server serves.
 */
export function createDnsClient(options: DnsClientOptions = {}): DnsClient {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, udpPayload = DEFAULT_UDP_PAYLOAD } = options;
  const clock = options.clock ?? { monotonic: () => performance.now() };

  return {
    async query(server, question, { signal }) {
      const deadline = clock.monotonic() + timeoutMs;
      const left = () => Math.max(0, deadline - clock.monotonic());
      try {
        const response = await ask(server, question, { udpPayload, left, signal });
        if (!REFUSES_EDNS.has(response.rcode)) return response;
        return await ask(server, question, { udpPayload: null, left, signal });
      } catch (error) {
        if (error instanceof Unanswered) throw unanswered(server, question, error);
        throw error;
      }
    },
  };
}

interface AskOptions {
  readonly udpPayload: number | null;
  /** Milliseconds left until the deadline. */
  readonly left: () => number;
  readonly signal: AbortSignal;
}

async function ask(server: Endpoint, question: DnsQuestion, options: AskOptions): Promise<DnsResponse> {
  const { udpPayload, left, signal } = options;
  const exchange = () => {
    const id = randomInt(0x1_0000);
    const packet = encodeQuery(question, { id, udpPayload });
    const accept = (octets: Buffer) => decodeResponse(octets, id, question);
    return { server, packet, accept, timeoutMs: left(), signal };
  };
  if (question.transport === 'tcp') return (await tcpExchange(exchange())).response;
  const overUdp = await udpExchange(exchange());
  return overUdp.truncated ? (await tcpExchange(exchange())).response : overUdp.response;
}

function unanswered(server: Endpoint, question: DnsQuestion, why: Unanswered): DelegatedError {
  const address = server.address.includes(':') ? `[${server.address}]` : server.address;
  const asked = `${relativeToRoot(question.name)} ${question.type}`;
  const message = `${address}:${server.port} did not answer the question for ${asked}: ${why.message}`;
  return new DelegatedError('E_DNS_UNANSWERED', message, {
    hint: `check that a name server listens there and that UDP and TCP port ${server.port} pass the firewall`,
    retry: BACKOFF,
    cause: why,
  });
}
