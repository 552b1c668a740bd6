/** Servers that are asked for records, and which of their answers prove anything. */
import { BACKOFF, DelegatedError, asDelegatedError } from './errors.ts';
import type { Ctx, DnsQuestion, DnsResponse, Endpoint, Ports } from './ports.ts';

type AskPorts = Pick<Ports, 'dns'>;

/** One name server of a zone with all its addresses; a configured one has the address as its name. */
export interface NameServer {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** `nameServers` of the config names it: it may be a resolver, which is believed although it speaks for no zone. */
  readonly configured?: true;
}

/**
 * Why an answer proves neither that the name has records nor that it has none; null when it does prove it. A server that
 * the NS records name and that answers without AA is lame: what it says comes from a cache, or is a referral.
 * @param server of the zone's NS records, or of the config
 */
export function provesNothing(
  { rcode, authoritative, answers, authority }: DnsResponse,
  { configured }: Pick<NameServer, 'configured'>,
): string | null {
  if (!isDefinite(rcode)) return `it answers ${rcode}`;
  if (authoritative) return null;
  const cut = authority.find(({ type }) => type === 'NS');
  // A negative answer of a cache carries the SOA (RFC 2308 §3), a referral does not.
  const refers = answers.length === 0 && cut !== undefined && !authority.some(({ type }) => type === 'SOA');
  if (refers) return `it is not in charge, and refers to the name servers of ${cut.name}`;
  return configured === true ? null : 'it answers without authority (AA)';
}

export function endpointText({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * The first NOERROR or NXDOMAIN of these servers, in their order, that `speaks` takes.
 * @throws DelegatedError E_DNS_UNANSWERED
 */
export async function firstAnswer(
  servers: readonly Endpoint[],
  question: DnsQuestion,
  { dns }: AskPorts,
  ctx: Ctx,
  speaks: (response: DnsResponse) => boolean = () => true,
): Promise<DnsResponse> {
  const troubles: string[] = [];
  for (const server of servers) {
    try {
      const response = await dns.query(server, question, ctx);
      const definite = isDefinite(response.rcode);
      if (definite && speaks(response)) return response;
      troubles.push(
        `${endpointText(server)} ${definite ? 'does not speak for the zone' : `answered ${response.rcode}`}`,
      );
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      if (error.code !== 'E_DNS_UNANSWERED') throw error;
      troubles.push(error.message);
    }
  }
  const why = troubles.length > 0 ? troubles.join('; ') : 'there is no server to ask';
  throw new DelegatedError(
    'E_DNS_UNANSWERED',
    `nobody could answer ${question.name} ${question.type}: ${why}`,
    {
      hint: 'check `resolvers` in the config and that port 53 is open over UDP and TCP',
      retry: BACKOFF,
    },
  );
}

/** A validating resolver that answers as soon as it is told not to validate (RFC 4035 §3.2.2): DNSSEC is what fails. */
export async function knowsUnchecked(
  server: Endpoint,
  question: DnsQuestion,
  { dns }: AskPorts,
  ctx: Ctx,
): Promise<boolean> {
  try {
    const { rcode } = await dns.query(server, { ...question, unchecked: true }, ctx);
    return isDefinite(rcode);
  } catch (thrown) {
    if (asDelegatedError(thrown).code === 'E_DNS_UNANSWERED') return false;
    throw thrown;
  }
}

function isDefinite(rcode: string): boolean {
  return rcode === 'NOERROR' || rcode === 'NXDOMAIN';
}
