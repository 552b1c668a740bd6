/** What the authoritative servers of the world say, for adapters that have no API to ask. */
import type { RRset, RRsetKey } from './dns/rrset.ts';
import { BACKOFF, DelegatedError, asDelegatedError } from './errors.ts';
import { type LookupPorts, serversToAsk, zoneApex } from './lookup.ts';
import { type NameServer, endpointText, provesNothing } from './name-servers.ts';
import type { Ctx, DnsResponse, Endpoint, WorldDns } from './ports.ts';

/** @param configured the provider's own `nameServers` */
export function createWorldDns(configured: readonly Endpoint[], ports: LookupPorts): WorldDns {
  return {
    async zoneApex(name, ctx) {
      try {
        return await zoneApex(name, ports, ctx);
      } catch (error) {
        if (error instanceof DelegatedError && error.code === 'E_ZONE_NOT_FOUND') return null;
        throw error;
      }
    },
    async rrset(zone, key, ctx) {
      const servers = await serversToAsk(zone, configured, ports, ctx);
      const seen = await Promise.all(servers.map((server) => askServer(server, key, ports, ctx)));
      const answers = seen.filter((answer) => answer !== undefined);
      if (answers.length === 0)
        throw new DelegatedError('E_DNS_UNANSWERED', `no name server of ${zone} answers for ${key.name}`, {
          hint: 'are they up, and can this machine reach them?',
          retry: BACKOFF,
        });
      // Of servers that disagree the one with the least counts: a record that only some have is not there yet.
      return answers.sort((a, b) => size(a) - size(b))[0] ?? null;
    },
  };
}

function size(rrset: RRset | null): number {
  return rrset?.values.length ?? 0;
}

/** Undefined when no address of the server answers. */
async function askServer(
  server: NameServer,
  key: RRsetKey,
  ports: LookupPorts,
  ctx: Ctx,
): Promise<RRset | null | undefined> {
  for (const endpoint of server.endpoints) {
    try {
      const response = await ports.dns.query(endpoint, { ...key, recurse: server.configured === true }, ctx);
      const reason = provesNothing(response, server);
      if (reason === null) return rrsetIn(response, key);
      ctx.log.debug('a name server does not answer for the name', {
        server: endpointText(endpoint),
        reason,
      });
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      if (error.code !== 'E_DNS_UNANSWERED') throw error;
    }
  }
  return undefined;
}

/** @throws DelegatedError E_RECORD_CNAME */
function rrsetIn({ answers }: DnsResponse, { name, type }: RRsetKey): RRset | null {
  const alias = answers.find((record) => record.type === 'CNAME' && record.name === name);
  if (alias?.type === 'CNAME')
    throw new DelegatedError('E_RECORD_CNAME', `${name} is a CNAME to ${alias.data}`, {
      hint: 'remove the CNAME, or let the record live where it points',
    });
  const ttl = Math.min(...answers.filter((each) => each.name === name).map((each) => each.ttl));
  if (type === 'SRV') {
    const values = answers.flatMap((each) => (each.type === 'SRV' && each.name === name ? [each.data] : []));
    return values.length === 0 ? null : { name, type, ttl, values };
  }
  const values = answers.flatMap((each) => (each.type === 'TXT' && each.name === name ? [each.data] : []));
  return values.length === 0 ? null : { name, type, ttl, values: [...new Set<string>(values)] };
}
