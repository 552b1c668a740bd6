/** Two ways to a farm: by our own codec without a socket, in the time of a fake clock; and over real sockets. */
import { DelegatedError } from '../../src/errors.ts';
import { createDnsClient } from '../../src/io/dns-client.ts';
import { decodeResponse, encodeQuery } from '../../src/io/dns/message.ts';
import type { Clock, DnsClient, Endpoint } from '../../src/ports.ts';
import {
  type DnsStub,
  type StubHandler,
  readQuestion,
  replyPacket,
  startDnsStub,
} from '../support/dns-stub.ts';

/** By address. Port 53 is what NS records mean. */
export type Hosts = ReadonlyMap<string, StubHandler>;

/** Of the real client. */
const TIMEOUT_MS = 2_000;
const UDP_PAYLOAD = 1232;

/** @param roundTripMs what a question and its answer take */
export function farmClient(
  hosts: Hosts,
  clock: Clock,
  roundTripMs: (address: string) => number = () => 1,
): DnsClient {
  return {
    async query(server, question, { signal }) {
      const handler = hosts.get(server.address);
      const silent = new DelegatedError(
        'E_DNS_UNANSWERED',
        `${server.address}:${server.port} did not answer`,
        {
          retry: { kind: 'backoff' },
        },
      );
      const attempt = async (transport: 'udp' | 'tcp') => {
        const packet = encodeQuery(question, { id: 1, udpPayload: UDP_PAYLOAD });
        await clock.sleep(roundTripMs(server.address), signal);
        const asked = readQuestion(packet, transport, 1, 0);
        const reply = handler?.(asked) ?? null;
        if (reply === null || reply === 'close' || 'at' in reply) return null;
        return decodeResponse(replyPacket(asked, reply), 1, question);
      };
      const overUdp = await attempt('udp');
      const decoded = overUdp?.truncated === true ? await attempt('tcp') : overUdp;
      if (decoded !== null) return decoded.response;
      await clock.sleep(TIMEOUT_MS, signal);
      throw silent;
    },
  };
}

export interface RunningFarm {
  /** The real client, that finds each address at the socket that plays it. */
  readonly dns: DnsClient;
  /** Where each address is played. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  stop(): Promise<void>;
}

/** @param hosts IPv6 addresses are played on ::1 */
export async function startFarm(hosts: Hosts, timeoutMs = TIMEOUT_MS): Promise<RunningFarm> {
  const stubs = new Map<string, DnsStub>();
  for (const [address, handler] of hosts)
    stubs.set(address, await startDnsStub(handler, address.includes(':') ? '::1' : '127.0.0.1'));
  const client = createDnsClient({ timeoutMs });
  return {
    endpoints: new Map([...stubs].map(([address, { endpoint }]) => [address, endpoint])),
    dns: {
      query: (server, question, ctx) =>
        client.query(stubs.get(server.address)?.endpoint ?? server, question, ctx),
    },
    async stop() {
      await Promise.all([...stubs.values()].map((stub) => stub.stop()));
    },
  };
}
