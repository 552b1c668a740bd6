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

/** Empty where the zone cannot be found out. */
export async function lookAtAuthorities(
  host: DomainName,
  ports: AuthorityPorts,
  ctx: Ctx,
): Promise<AuthoritySight[]> {
  const servers = await serversOf(host, ports, ctx);
  const looks = servers.flatMap((server) =>
    PREFIXES.flatMap((prefix) => server.endpoints.map((endpoint) => ({ server, prefix, endpoint }))),
  );
  return Promise.all(
    looks.map(async ({ server, prefix, endpoint }) => {
      const name = under(prefix, host);
      const to = ports.names.dial(relativeOf(server), endpoint.address, endpoint.port);
      const said = await askDirectly(name, to, ports, ctx);
      return { name, server: `${relativeOf(server)} (${endpoint.address})`, ...said };
    }),
  );
}

function relativeOf({ name }: NameServer): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

async function serversOf(host: DomainName, ports: AuthorityPorts, ctx: Ctx): Promise<NameServer[]> {
  try {
    return await nameServersOf(await zoneApex(host, ports, ctx), ports, ctx);
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code === 'E_DNS_UNANSWERED' || error.code === 'E_ZONE_NOT_FOUND') return [];
    throw error;
  }
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
