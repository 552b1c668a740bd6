/** What the resolvers say of names, with their "no" told from their silence; each name is asked for once. */
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import { asDelegatedError } from './errors.ts';
import { endpointText, knowsUnchecked } from './name-servers.ts';
import type { AddressAnswer, SrvAnswer } from './matrix/discovery.ts';
import type { Ctx, DnsClient, DnsRecord, DnsResponse, Endpoint, QueryType } from './ports.ts';

/** Instead of what DNS says: where to connect for this host and port. */
export interface Pin {
  /** As it stands in URLs, lower case, without a trailing dot; or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly to: Endpoint;
}

export interface SrvLook {
  readonly answer: SrvAnswer;
  /** Seconds; null without records. */
  readonly ttl: number | null;
}

export interface NameLooker {
  srv(name: DomainName): Promise<SrvLook>;
  addresses(host: DomainName, ports: readonly number[]): Promise<AddressAnswer>;
  /** Where to connect for an address of a host: there, unless a pin of the host or of the address says otherwise. */
  dial(host: string, address: string, port: number): Endpoint;
  /** True when questions were asked and not one of the resolvers said anything: then DNS is not to blame for it. */
  isDeaf(): boolean;
}

export interface NameLookerPorts {
  readonly dns: DnsClient;
  readonly resolvers: readonly Endpoint[];
}

export function createNameLooker(
  pins: readonly Pin[],
  { dns, resolvers }: NameLookerPorts,
  ctx: Ctx,
): NameLooker {
  let [asked, heard] = [false, false];
  const listening: DnsClient = {
    async query(server, question, inner) {
      asked = true;
      const response = await dns.query(server, question, inner);
      heard = true;
      return response;
    },
  };
  const ports = { dns: listening, resolvers };
  const looks = new Map<DomainName, Promise<SrvLook>>();
  const hosts = new Map<DomainName, Promise<AddressAnswer>>();
  const pinned = (host: string, port: number): Endpoint[] =>
    pins.filter((pin) => pin.host === host && pin.port === port).map(({ to }) => to);
  return {
    isDeaf: () => asked && !heard,
    srv(name) {
      const look = looks.get(name) ?? lookUpSrv(name, ports, ctx);
      looks.set(name, look);
      return look;
    },
    async addresses(host, hostPorts) {
      const given = hostPorts.flatMap((port) => pinned(relativeToRoot(host), port));
      if (given.length > 0)
        return { kind: 'addresses', addresses: [...new Set(given.map(({ address }) => address))] };
      const found = hosts.get(host) ?? lookUpAddresses(host, ports, ctx);
      hosts.set(host, found);
      return found;
    },
    dial: (host, address, port) =>
      pinned(host, port).find((to) => to.address === address) ??
      pinned(address, port)[0] ?? { address, port },
  };
}

async function lookUpSrv(name: DomainName, ports: NameLookerPorts, ctx: Ctx): Promise<SrvLook> {
  const response = await resolve(name, 'SRV', ports, ctx);
  if (!('rcode' in response)) return { answer: { kind: 'unknown', ...response }, ttl: null };
  return srvLook(response);
}

/** A definite response as an answer. */
export function srvLook({ answers }: DnsResponse): SrvLook {
  const found = answers.flatMap((record) => (record.type === 'SRV' ? [record] : []));
  if (found.length === 0) return { answer: { kind: 'none' }, ttl: null };
  return {
    answer: { kind: 'records', records: found.map(({ data }) => data) },
    ttl: Math.min(...found.map(({ ttl }) => ttl)),
  };
}

async function lookUpAddresses(host: DomainName, ports: NameLookerPorts, ctx: Ctx): Promise<AddressAnswer> {
  const responses = await Promise.all(
    (['A', 'AAAA'] as const).map((type) => resolve(host, type, ports, ctx)),
  );
  const records = responses.flatMap((response) => ('rcode' in response ? response.answers : []));
  const addresses = records.flatMap((record) =>
    record.type === 'A' || record.type === 'AAAA' ? [record.data] : [],
  );
  const aliases = aliasesOf(host, records);
  if (addresses.length > 0)
    return {
      kind: 'addresses',
      addresses: [...new Set(addresses)],
      ...(aliases.length === 0 ? {} : { aliases }),
    };
  // One family that is silent may be the one that has addresses.
  const unknown = responses.find((response) => 'why' in response);
  return unknown === undefined ? { kind: 'none' } : { kind: 'unknown', ...unknown };
}

/** The way that the CNAME records of an answer lead, from the host on; no name twice. */
function aliasesOf(host: DomainName, records: readonly DnsRecord[]): DomainName[] {
  const way = [host];
  for (;;) {
    const next = records.find((record) => record.type === 'CNAME' && record.name === way.at(-1));
    if (next?.type !== 'CNAME' || way.includes(next.data)) return way.slice(1);
    way.push(next.data);
  }
}

/** What Synapse takes for "no such record" besides the usual (`srv_resolver.py`, 2026-07). */
const AS_GOOD_AS_NONE = 'NOTIMP';

/** What resolvers say instead of an answer. */
interface NoAnswer {
  /** Half a sentence. */
  readonly why: string;
  readonly bogus?: true;
}

/** The response of the first resolver that knows. */
async function resolve(
  name: DomainName,
  type: QueryType,
  { dns, resolvers }: NameLookerPorts,
  ctx: Ctx,
): Promise<DnsResponse | NoAnswer> {
  const troubles: string[] = [];
  let bogus = false;
  for (const server of resolvers) {
    try {
      const response = await dns.query(server, { name, type, recurse: true }, ctx);
      const { rcode } = response;
      if (rcode === 'NOERROR' || rcode === 'NXDOMAIN' || rcode === AS_GOOD_AS_NONE) return response;
      const refused =
        rcode === 'SERVFAIL' && (await knowsUnchecked(server, { name, type, recurse: true }, { dns }, ctx));
      bogus ||= refused;
      troubles.push(
        `${endpointText(server)} answers ${rcode}${refused ? ', and knows it with checking disabled (CD)' : ''}`,
      );
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      if (error.code !== 'E_DNS_UNANSWERED') throw error;
      troubles.push(error.message);
    }
  }
  const why = troubles.length > 0 ? troubles.join('; ') : 'there is no resolver to ask';
  return { why, ...(bogus ? { bogus } : {}) };
}
