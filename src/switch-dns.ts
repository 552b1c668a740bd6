/** DNS as it would be with other SRV records, and as it is behind every cache. */
import type { DomainName } from './dns/domain-name.ts';
import type { RRset } from './dns/rrset.ts';
import type { LookupPorts } from './lookup.ts';
import { type NameServer, firstProof } from './name-servers.ts';
import type { Ctx, DnsClient, DnsResponse } from './ports.ts';

/**
 * Answers for the SRV records of these names as if they were published; asks for everything else.
 * @param records null for a name where none is
 */
export function pretending(dns: DnsClient, records: ReadonlyMap<DomainName, RRset | null>): DnsClient {
  return {
    query(server, question, ctx) {
      const rrset = records.get(question.name);
      if (question.type !== 'SRV' || rrset === undefined) return dns.query(server, question, ctx);
      return Promise.resolve(responseOf(rrset));
    },
  };
}

/** Asks the authoritative servers for the SRV records of these names, since a cache may still have the old ones. */
export function withoutCaches(
  names: ReadonlySet<DomainName>,
  servers: readonly NameServer[],
  ports: LookupPorts,
  ctx: Ctx,
): DnsClient {
  return {
    query: (server, question, inner) =>
      question.type === 'SRV' && names.has(question.name)
        ? firstProof(servers, question, ports, { ...ctx, signal: inner.signal })
        : ports.dns.query(server, question, inner),
  };
}

function responseOf(rrset: RRset | null): DnsResponse {
  const answers =
    rrset?.type === 'SRV'
      ? rrset.values.map((data) => ({ name: rrset.name, ttl: rrset.ttl, type: 'SRV' as const, data }))
      : [];
  const rcode = answers.length > 0 ? 'NOERROR' : 'NXDOMAIN';
  return { rcode, authoritative: true, authenticated: false, answers, authority: [] };
}
