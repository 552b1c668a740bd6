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

const RESOLVERS_HINT = 'check `resolvers` in the config and that port 53 is open over UDP and TCP';
const SERVERS_HINT =
  'are the name servers of the zone, or `nameServers` of the provider, up, and is port 53 open over UDP and TCP?';

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
  ports: AskPorts,
  ctx: Pick<Ctx, 'signal'>,
  speaks: (response: DnsResponse) => boolean = () => true,
): Promise<DnsResponse> {
  const doubt = (response: DnsResponse): string | null => {
    if (!isDefinite(response.rcode)) return ` answered ${response.rcode}`;
    return speaks(response) ? null : ' does not speak for the zone';
  };
  const attempts = servers.map((endpoint) => ({ endpoint, question, doubt }));
  return firstUndoubted(attempts, question, question.recurse ? RESOLVERS_HINT : SERVERS_HINT, ports, ctx);
}

/**
 * The first answer that proves what a name has, or that it has nothing, in the order of the servers. A resolver that the
 * config names finds nothing by itself, so it is asked to; an authority does not care (RFC 1035 §4.1.1).
 * @throws DelegatedError E_DNS_UNANSWERED
 */
export async function firstProof(
  servers: readonly NameServer[],
  question: Omit<DnsQuestion, 'recurse'>,
  ports: AskPorts,
  ctx: Pick<Ctx, 'signal'>,
): Promise<DnsResponse> {
  const attempts = servers.flatMap((server) => {
    const asked = { ...question, recurse: server.configured === true };
    const doubt = (response: DnsResponse): string | null => {
      const reason = provesNothing(response, server);
      return reason === null ? null : `: ${reason}`;
    };
    return server.endpoints.map((endpoint) => ({ endpoint, question: asked, doubt }));
  });
  return firstUndoubted(attempts, question, SERVERS_HINT, ports, ctx);
}

interface Attempt {
  readonly endpoint: Endpoint;
  readonly question: DnsQuestion;
  /** What is wrong with the answer, as it follows the name of the server. */
  readonly doubt: (response: DnsResponse) => string | null;
}

async function firstUndoubted(
  attempts: readonly Attempt[],
  { name, type }: Omit<DnsQuestion, 'recurse'>,
  hint: string,
  { dns }: AskPorts,
  ctx: Pick<Ctx, 'signal'>,
): Promise<DnsResponse> {
  const troubles: string[] = [];
  for (const { endpoint, question, doubt } of attempts) {
    try {
      const response = await dns.query(endpoint, question, ctx);
      const trouble = doubt(response);
      if (trouble === null) return response;
      troubles.push(`${endpointText(endpoint)}${trouble}`);
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      if (error.code !== 'E_DNS_UNANSWERED') throw error;
      troubles.push(error.message);
    }
  }
  const why = troubles.length > 0 ? troubles.join('; ') : 'there is no server to ask';
  throw new DelegatedError('E_DNS_UNANSWERED', `nobody could answer ${name} ${type}: ${why}`, {
    hint,
    retry: BACKOFF,
  });
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
