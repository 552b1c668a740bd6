import { isWithin, parentName, wireDomainName } from '../../src/dns/domain-name.ts';
import type { Ctx, DomainName, Zone } from '../../src/provider.ts';
import type { Client, Reply } from './client.ts';
import { RCODE, queryFailure } from './errors.ts';

/**
 * Asks the server itself, never a resolver: a hidden primary is in no delegation. One query tells, because whatever
 * it says with authority carries the SOA of its zone (RFC 2308 §3); only an alias hides it, and is never an apex.
 */
export async function findZone(client: Client, name: DomainName, ctx: Ctx): Promise<Zone | null> {
  for (let at: DomainName | null = name; at !== null; at = parentName(at)) {
    const reply = await client.query(at, 'SOA', ctx.signal);
    const apex = soaOwner(reply, at);
    if (apex !== null) return { id: apex, name: apex };
    if (!isAlias(reply, at)) return noZone(client, at, reply, ctx);
  }
  return null;
}

function noZone(client: Client, name: DomainName, reply: Reply, ctx: Ctx): null {
  const { rcode } = reply;
  if (
    rcode !== RCODE.REFUSED &&
    (reply.authoritative || (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN))
  )
    throw queryFailure(rcode, client.asked(`read ${name} SOA`));
  const cut = reply.packet.authorities?.find((record) => record.type === 'NS');
  if (cut !== undefined)
    ctx.log.warn('the name server refers us to another one: it has no zone for the name', {
      name,
      cut: cut.name,
    });
  return null;
}

/** The owner of the SOA that covers the name, where the server speaks with authority. */
export function soaOwner(reply: Reply, name: DomainName): DomainName | null {
  if (!reply.authoritative) return null;
  const records = [...(reply.packet.answers ?? []), ...(reply.packet.authorities ?? [])];
  const owners = records
    .filter((record) => record.type === 'SOA')
    .map((record) => wireDomainName(record.name));
  return owners.find((owner) => isWithin(name, owner)) ?? null;
}

function isAlias(reply: Reply, name: DomainName): boolean {
  return (
    reply.packet.answers?.some(
      (record) =>
        (record.type === 'CNAME' && wireDomainName(record.name) === name) ||
        (record.type === 'DNAME' && isWithin(name, wireDomainName(record.name))),
    ) ?? false
  );
}
