/** What each authoritative server of the zone says of the SRV records: resolvers show only one of them at a time. */
import { type NameLooker, srvLook } from './check-names.ts';
import { type DomainName, under } from './dns/domain-name.ts';
import { asDelegatedError } from './errors.ts';
import type { AuthoritySight } from './federation/sight.ts';
import { nameServersOf, zoneApex } from './lookup.ts';
import { type NameServer, provesNothing } from './name-servers.ts';
import type { Ctx, DnsClient, Endpoint, Ports } from './ports.ts';

export type AuthorityPorts = Pick<Ports, 'resolvers' | 'dice'> & {
  readonly dns: DnsClient;
  readonly names: NameLooker;
};

const PREFIXES = ['_matrix-fed._tcp', '_matrix._tcp'];

/** Of each record in the zone that it is in, which need not be that of the host. Empty where that cannot be found out. */
export async function lookAtAuthorities(
  host: DomainName,
  ports: AuthorityPorts,
  ctx: Ctx,
): Promise<AuthoritySight[]> {
  const servers = rememberingServers(ports, ctx);
  const looks = PREFIXES.map(async (prefix) => {
    const name = under(prefix, host);
    const found = await servers(name).catch(orNobody);
    return Promise.all(
      found.flatMap((server) =>
        server.endpoints.map((endpoint) => lookAt(name, server, endpoint, ports, ctx)),
      ),
    );
  });
  return (await Promise.all(looks)).flat();
}

async function lookAt(
  name: DomainName,
  server: NameServer,
  { address, port }: Endpoint,
  ports: AuthorityPorts,
  ctx: Ctx,
): Promise<AuthoritySight> {
  const to = ports.names.dial(relativeOf(server), address, port);
  return { name, server: `${relativeOf(server)} (${address})`, ...(await askDirectly(name, to, ports, ctx)) };
}

function relativeOf({ name }: NameServer): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** Both records are in one zone mostly, and its servers are looked up once. */
function rememberingServers(
  ports: AuthorityPorts,
  ctx: Ctx,
): (name: DomainName) => Promise<readonly NameServer[]> {
  const known = new Map<DomainName, Promise<readonly NameServer[]>>();
  return async (name) => {
    const zone = await zoneApex(name, ports, ctx);
    const servers = known.get(zone) ?? nameServersOf(zone, ports, ctx);
    known.set(zone, servers);
    return servers;
  };
}

function orNobody(thrown: unknown): readonly NameServer[] {
  const { code } = asDelegatedError(thrown);
  if (code === 'E_DNS_UNANSWERED' || code === 'E_ZONE_NOT_FOUND') return [];
  throw thrown;
}

type Said = Pick<AuthoritySight, 'answer' | 'ttl' | 'lame'>;

async function askDirectly(
  name: DomainName,
  server: Endpoint,
  { dns }: AuthorityPorts,
  ctx: Ctx,
): Promise<Said> {
  try {
    const response = await dns.query(server, { name, type: 'SRV', recurse: false }, ctx);
    const trouble = provesNothing(response, {});
    if (trouble !== null) return { answer: { kind: 'unknown', why: trouble }, ttl: null, lame: true };
    return { ...srvLook(response), lame: false };
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code !== 'E_DNS_UNANSWERED') throw error;
    return { answer: { kind: 'unknown', why: error.message }, ttl: null, lame: false };
  }
}
