/** The zones that we write to, and every server that has to serve what we write. */
import type { DomainName } from './dns/domain-name.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { compareDelegation, namesAtParent } from './doctor-delegation.ts';
import { DelegatedError } from './errors.ts';
import { type Condition, condition } from './health/finding.ts';
import { type LookupPorts, serversToAsk } from './lookup.ts';
import { type NameServer, endpointText } from './name-servers.ts';
import type { Ctx, DnsResponse, Endpoint } from './ports.ts';

type Transport = 'UDP' | 'TCP';

type Answered =
  | { readonly kind: 'answer'; readonly response: DnsResponse }
  | { readonly kind: 'silent'; readonly why: string }
  /** This machine has no way there, as to IPv6 without IPv6: that says nothing of the server. */
  | { readonly kind: 'no-route'; readonly why: string };

const NO_ROUTE = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** @param configured the provider's own `nameServers`, which are asked in the place of those of the zone */
export async function examineZone(
  zone: DomainName,
  configured: readonly Endpoint[],
  ports: LookupPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  const servers = await serversToAsk(zone, configured, ports, ctx);
  // With servers of the config in their place nobody knows what the public ones should be.
  const atParent = configured.length > 0 ? null : await namesAtParent(zone, ports, ctx);
  const found = await Promise.all(servers.map((server) => examineServer(zone, server, ports, ctx)));
  return [...(atParent === null ? [] : compareDelegation(zone, atParent, servers)), ...found.flat()];
}

async function examineServer(
  zone: DomainName,
  server: NameServer,
  ports: LookupPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  if (server.endpoints.length === 0)
    return [
      condition(
        'NAME_SERVER_NO_ADDRESS',
        `${server.name}, a name server of ${relativeToRoot(zone)}, has no address`,
        'give it A or AAAA records, or take it out of the NS records in the zone and in its parent',
      ),
    ];
  const found = await Promise.all(
    server.endpoints.map(async (endpoint) => {
      const [udp, tcp] = await Promise.all([
        askServer(zone, server, endpoint, 'UDP', ports, ctx),
        askServer(zone, server, endpoint, 'TCP', ports, ctx),
      ]);
      return [
        ...transportFinding(zone, server, endpoint, 'UDP', udp),
        ...transportFinding(zone, server, endpoint, 'TCP', tcp),
        ...lameFinding(zone, server, endpoint, udp, tcp),
      ];
    }),
  );
  return found.flat();
}

async function askServer(
  zone: DomainName,
  { configured }: NameServer,
  endpoint: Endpoint,
  transport: Transport,
  { dns }: LookupPorts,
  ctx: Ctx,
): Promise<Answered> {
  const question = { name: zone, type: 'SOA', recurse: configured === true } as const;
  try {
    const asked = transport === 'TCP' ? { ...question, transport: 'tcp' as const } : question;
    return { kind: 'answer', response: await dns.query(endpoint, asked, ctx) };
  } catch (error) {
    if (!(error instanceof DelegatedError) || error.code !== 'E_DNS_UNANSWERED') throw error;
    return { kind: hasNoRoute(error) ? 'no-route' : 'silent', why: error.message };
  }
}

function hasNoRoute(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string' && NO_ROUTE.has(at.code)) return true;
  return false;
}

function transportFinding(
  zone: DomainName,
  server: NameServer,
  endpoint: Endpoint,
  transport: Transport,
  answered: Answered,
): Condition[] {
  if (answered.kind === 'answer') return [];
  const which = `${describe(zone, server, endpoint)},`;
  if (answered.kind === 'no-route')
    return [
      condition(
        'NAME_SERVER_NOT_TRIED',
        `${which} cannot be reached from this machine`,
        'nothing is known of it; try it from a machine with IPv4 and IPv6',
        [answered.why],
      ),
    ];
  const fix =
    transport === 'UDP'
      ? `start it, open UDP port 53 on the way, or ${otherwise(server)}`
      : 'open TCP port 53: what does not fit into a UDP packet is asked for by TCP (RFC 7766)';
  return [
    condition(
      transport === 'UDP' ? 'NAME_SERVER_UDP' : 'NAME_SERVER_TCP',
      `${which} does not answer over ${transport}`,
      fix,
      [answered.why],
    ),
  ];
}

function lameFinding(
  zone: DomainName,
  server: NameServer,
  endpoint: Endpoint,
  ...answers: readonly Answered[]
): Condition[] {
  const lame = answers.find((each) => each.kind === 'answer' && !speaksFor(zone, server, each.response));
  if (lame?.kind !== 'answer') return [];
  const { rcode } = lame.response;
  return [
    condition(
      'NAME_SERVER_LAME',
      `${describe(zone, server, endpoint)}, does not speak for that zone`,
      `let it serve the zone, or ${otherwise(server)}`,
      [rcode === 'NOERROR' ? 'it answers without authority (AA)' : `it answers ${rcode}`],
    ),
  ];
}

function describe(zone: DomainName, { name, configured }: NameServer, endpoint: Endpoint): string {
  const whose = relativeToRoot(zone);
  return configured === true
    ? `${name}, which \`nameServers\` of the provider has for ${whose}`
    : `${name} (${endpointText(endpoint)}), a name server of ${whose}`;
}

function otherwise({ configured }: NameServer): string {
  return configured === true
    ? 'correct `nameServers` of the provider'
    : 'take it out of the NS records in the zone and in its parent';
}

/** A resolver that the config names in the place of the zone's servers knows the zone, and has no AA. */
function speaksFor(zone: DomainName, { configured }: NameServer, response: DnsResponse): boolean {
  if (response.rcode !== 'NOERROR') return false;
  const knows = response.answers.some(({ type, name }) => type === 'SOA' && name === zone);
  return response.authoritative || (configured === true && knows);
}
