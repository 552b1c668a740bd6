/** Does a validating resolver refuse the zone, and know it when it is told not to validate? */
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import { DelegatedError } from './errors.ts';
import { type Condition, condition } from './health/finding.ts';
import type { LookupPorts } from './lookup.ts';
import { endpointText, knowsUnchecked } from './name-servers.ts';
import type { Ctx, DnsQuestion, Endpoint } from './ports.ts';

/** Silent where no resolver of ours validates: then nothing is known. */
export async function examineDnssec(name: DomainName, ports: LookupPorts, ctx: Ctx): Promise<Condition[]> {
  const bogus = await Promise.all(ports.resolvers.map((resolver) => isBogus(name, resolver, ports, ctx)));
  const evidence = ports.resolvers.filter((_, index) => bogus[index] === true).map(endpointText);
  if (evidence.length === 0) return [];
  return [
    condition(
      'DNSSEC_BOGUS',
      `the DNSSEC signatures of ${relativeToRoot(name)} do not hold`,
      'sign the zone anew, or correct the DS records in the parent zone; CAs validate, and do not issue',
      evidence.map(
        (resolver) => `${resolver} answers SERVFAIL, and knows the name with checking disabled (CD)`,
      ),
    ),
  ];
}

async function isBogus(name: DomainName, resolver: Endpoint, ports: LookupPorts, ctx: Ctx): Promise<boolean> {
  const question: DnsQuestion = { name, type: 'SOA', recurse: true };
  try {
    if ((await ports.dns.query(resolver, question, ctx)).rcode !== 'SERVFAIL') return false;
    return await knowsUnchecked(resolver, question, ports, ctx);
  } catch (error) {
    if (error instanceof DelegatedError && error.code === 'E_DNS_UNANSWERED') return false;
    throw error;
  }
}
