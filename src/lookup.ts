/** What the world's DNS says: addresses, zone cuts, authoritative servers, the CNAME of `_acme-challenge`. */
import { type DomainName, ancestry, isWithin, parentName, under } from './dns/domain-name.ts';
import type { TargetFact } from './dns/guard.ts';
import { BACKOFF, DelegatedError, asDelegatedError } from './errors.ts';
import { type NameServer, endpointText, firstAnswer, firstProof } from './name-servers.ts';
import type { Ctx, DnsQuestion, DnsRecord, DnsResponse, Endpoint, Ports } from './ports.ts';

export type LookupPorts = Pick<Ports, 'dns' | 'resolvers' | 'dice'>;

const DNS_PORT = 53;
const MAX_CNAME_HOPS = 8;
const SIBLING_LABEL_LENGTH = 16;

/**
 * Asks the recursive resolvers, one after the other, until one of them knows: NOERROR or NXDOMAIN.
 * @throws DelegatedError E_DNS_UNANSWERED when none does: unknown is not "nothing there"
 */
export async function ask(
  question: Omit<DnsQuestion, 'recurse'>,
  ports: LookupPorts,
  ctx: Ctx,
): Promise<DnsResponse> {
  return firstAnswer(ports.resolvers, { ...question, recurse: true }, ports, ctx);
}

/** A and AAAA of a host that an SRV record or an NS record points to. */
export async function examineTarget(name: DomainName, ports: LookupPorts, ctx: Ctx): Promise<TargetFact> {
  try {
    const [v4, v6] = await Promise.all([
      ask({ name, type: 'A' }, ports, ctx),
      ask({ name, type: 'AAAA' }, ports, ctx),
    ]);
    const records = [...v4.answers, ...v6.answers];
    const alias = cnameAt(name, records);
    if (alias !== null) return { kind: 'alias', target: alias };
    const addresses = records.flatMap((record) =>
      record.type === 'A' || record.type === 'AAAA' ? [record.data] : [],
    );
    return addresses.length > 0 ? { kind: 'addresses', addresses } : { kind: 'none' };
  } catch (thrown) {
    return { kind: 'unknown', error: asDelegatedError(thrown) };
  }
}

/** Every address that a host has, aliases followed, as peers that follow them would see it. */
export async function addressesOf(name: DomainName, ports: LookupPorts, ctx: Ctx): Promise<string[]> {
  const [v4, v6] = await Promise.all([
    ask({ name, type: 'A' }, ports, ctx),
    ask({ name, type: 'AAAA' }, ports, ctx),
  ]);
  return [...v4.answers, ...v6.answers].flatMap((record) =>
    record.type === 'A' || record.type === 'AAAA' ? [record.data] : [],
  );
}

/**
 * The apex of the zone that a name lies in, by its SOA.
 * @throws DelegatedError E_ZONE_NOT_FOUND, E_DNS_UNANSWERED
 */
export async function zoneApex(name: DomainName, ports: LookupPorts, ctx: Ctx): Promise<DomainName> {
  for (const candidate of ancestry(name)) {
    const { answers, authority } = await ask({ name: candidate, type: 'SOA' }, ports, ctx);
    // Where the name is an alias, the resolver tells of the zone that the alias ends in.
    const soa = [...answers, ...authority].find(
      (record) => record.type === 'SOA' && isWithin(candidate, record.name),
    );
    if (soa !== undefined) return soa.name;
  }
  throw new DelegatedError('E_ZONE_NOT_FOUND', `no zone answers for ${name}`, {
    hint: 'is the domain registered and delegated, and do the resolvers of the config know it?',
    retry: BACKOFF,
  });
}

/** The servers of a zone's NS RRset with all their addresses. */
export async function nameServersOf(zone: DomainName, ports: LookupPorts, ctx: Ctx): Promise<NameServer[]> {
  const { answers } = await ask({ name: zone, type: 'NS' }, ports, ctx);
  const names = namesAt(zone, answers);
  if (names.length === 0)
    throw new DelegatedError('E_ZONE_NOT_FOUND', `${zone} has no NS records`, {
      hint: 'the zone is not delegated, or the resolvers of the config cannot see it',
      retry: BACKOFF,
    });
  return withAddresses(names, ports, ctx);
}

function namesAt(zone: DomainName, records: readonly DnsRecord[]): DomainName[] {
  return records.flatMap((record) => (record.type === 'NS' && record.name === zone ? [record.data] : []));
}

function withAddresses(names: readonly DomainName[], ports: LookupPorts, ctx: Ctx): Promise<NameServer[]> {
  return Promise.all(
    names.map(async (name) => {
      const addresses = await addressesOf(name, ports, ctx);
      return { name, endpoints: addresses.map((address) => ({ address, port: DNS_PORT })) };
    }),
  );
}

/** The servers that must serve a record: those of the config where it names some, else those of the zone. */
export async function serversToAsk(
  zone: DomainName,
  configured: readonly Endpoint[],
  ports: LookupPorts,
  ctx: Ctx,
): Promise<NameServer[]> {
  if (configured.length === 0) return nameServersOf(zone, ports, ctx);
  return configured.map((endpoint) => ({
    name: endpointText(endpoint),
    endpoints: [endpoint],
    configured: true,
  }));
}

/**
 * Follows the CNAME chain of an `_acme-challenge` name to where the TXT values have to go. The authoritative servers
 * are asked, because a resolver would remember "no such name" just before we publish it (RFC 2308 §5).
 * @param configured the provider's own `nameServers`, which know the name where the public ones do not
 * @throws DelegatedError E_CHALLENGE_CNAME for a loop, a chain that is too long, and a CNAME made up by a wildcard
 */
export async function followChallenge(
  name: DomainName,
  configured: readonly Endpoint[],
  ports: LookupPorts,
  ctx: Ctx,
): Promise<DomainName> {
  const chain: DomainName[] = [name];
  for (let at = name; ;) {
    const target = await authoritativeCname(at, configured, ports, ctx);
    if (target === null) return at;
    if (at === name) await refuseWildcard(name, target, configured, ports, ctx);
    if (chain.includes(target) || chain.length > MAX_CNAME_HOPS) throw badChain([...chain, target]);
    chain.push(target);
    at = target;
  }
}

async function authoritativeCname(
  name: DomainName,
  configured: readonly Endpoint[],
  ports: LookupPorts,
  ctx: Ctx,
): Promise<DomainName | null> {
  const question = { name, type: 'CNAME' as const, recurse: false };
  if (configured.length > 0) {
    const answer = await firstAnswer(configured, question, ports, ctx).catch(() => null);
    if (answer?.authoritative === true) return cnameAt(name, answer.answers);
  }
  // The name itself need not exist, and asking a resolver for it would make it remember that; its parent does exist.
  const zone = await zoneApex(parentName(name) ?? name, ports, ctx);
  try {
    return cnameAt(name, (await askDownwards(question, zone, ports, ctx)).answers);
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code !== 'E_DNS_UNANSWERED') throw error;
    if (configured.length === 0) throw outOfReach(zone, error);
    // Behind a firewall that lets nobody but a resolver out, that one is all there is.
    const servers = await serversToAsk(zone, configured, ports, ctx);
    return cnameAt(name, (await firstProof(servers, { name, type: 'CNAME' }, ports, ctx)).answers);
  }
}

/** Asks the servers of the zone, and those that they refer to, until one speaks for the name. */
async function askDownwards(
  question: DnsQuestion,
  zone: DomainName,
  ports: LookupPorts,
  ctx: Ctx,
): Promise<DnsResponse> {
  let at = zone;
  let servers = await nameServersOf(zone, ports, ctx);
  for (;;) {
    const endpoints = servers.flatMap((server) => server.endpoints);
    const speaks = (response: DnsResponse): boolean =>
      response.authoritative || cutBelow(at, question.name, response) !== null;
    const response = await firstAnswer(endpoints, question, ports, ctx, speaks);
    const cut = cutBelow(at, question.name, response);
    if (response.authoritative || cut === null) return response;
    servers = await withAddresses(namesAt(cut, response.authority), ports, ctx);
    at = cut;
  }
}

/** The zone that a referral leads down to; null for one that leads up or aside, which is what a lame server gives. */
function cutBelow(zone: DomainName, name: DomainName, { authority }: DnsResponse): DomainName | null {
  const cut = authority.find(
    (record) => record.type === 'NS' && record.name !== zone && isWithin(record.name, zone),
  );
  return cut !== undefined && isWithin(name, cut.name) ? cut.name : null;
}

function outOfReach(zone: DomainName, cause: DelegatedError): DelegatedError {
  return new DelegatedError(
    'E_DNS_UNANSWERED',
    `the resolver knows the name servers of ${zone}, and none of them answers this machine: ${cause.message}`,
    {
      hint: 'open port 53 outward, over UDP and TCP; where that cannot be, `nameServers` of the provider may name a resolver to ask instead',
      retry: BACKOFF,
      cause,
    },
  );
}

/** RFC 4592: `*.example.org CNAME …` answers for `_acme-challenge.example.org` too, as long as nothing stands there. */
async function refuseWildcard(
  name: DomainName,
  target: DomainName,
  configured: readonly Endpoint[],
  ports: LookupPorts,
  ctx: Ctx,
): Promise<void> {
  const parent = parentName(name);
  if (parent === null) return;
  const sibling = under(ports.dice.token(SIBLING_LABEL_LENGTH), parent);
  if ((await authoritativeCname(sibling, configured, ports, ctx)) !== target) return;
  throw new DelegatedError(
    'E_CHALLENGE_CNAME',
    `${name} is a CNAME to ${target} only because the wildcard *.${parent} is`,
    {
      hint: `publish a record of its own at ${name} (a CNAME to where challenges should go, or any TXT value to keep them there)`,
    },
  );
}

function cnameAt(name: DomainName, records: readonly DnsRecord[]): DomainName | null {
  const record = records.find((each) => each.type === 'CNAME' && each.name === name);
  return record?.type === 'CNAME' ? record.data : null;
}

function badChain(chain: readonly DomainName[]): DelegatedError {
  return new DelegatedError('E_CHALLENGE_CNAME', `the CNAME chain ${chain.join(' → ')} never ends`, {
    hint: 'point the first CNAME straight at the name that should hold the TXT values',
  });
}
