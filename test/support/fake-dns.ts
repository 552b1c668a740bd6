import type { MemoryProvider } from '../../providers/memory/index.ts';
import { type DomainName, isWithin, parentName, under } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Ctx, DnsClient, DnsQuestion, DnsRecord, DnsResponse, Endpoint } from '../../src/ports.ts';

/** A zone and the addresses of the servers that speak for it. */
export interface FakeZone {
  readonly apex: DomainName;
  /** By the name of the server. */
  readonly servers: ReadonlyMap<DomainName, readonly string[]>;
}

/** Says something else than the zones would: an answer, or nothing to let them speak; throws to stay silent. */
export type Interference = (server: Endpoint, question: DnsQuestion) => DnsResponse | undefined;

export interface FakeDns extends DnsClient {
  readonly zones: FakeZone[];
  readonly records: DnsRecord[];
  /** Every question that came, `ADDRESS NAME TYPE`. */
  readonly asked: string[];
  interfere: Interference | undefined;
}

const NEGATIVE_TTL = 900;
const MAX_CNAMES = 10;

export function answer(
  rcode: string,
  answers: readonly DnsRecord[] = [],
  rest: Partial<DnsResponse> = {},
): DnsResponse {
  return { rcode, authoritative: true, authenticated: false, authority: [], answers, ...rest };
}

export function silence(server: Endpoint): DelegatedError {
  return new DelegatedError('E_DNS_UNANSWERED', `${server.address} is silent`, {
    retry: { kind: 'backoff' },
  });
}

/** A small internet: authoritative servers over a table of records and what a provider holds, and one resolver. */
export function createFakeDns(resolver: string, provider: MemoryProvider): FakeDns {
  const dns: FakeDns = {
    zones: [],
    records: [],
    asked: [],
    interfere: undefined,
    async query(server, question, ctx) {
      dns.asked.push(`${server.address} ${question.name} ${question.type}`);
      const said = dns.interfere?.(server, question);
      if (said !== undefined) return said;
      const held = await recordsAt(question, dns.records, provider, ctx);
      if (server.address === resolver) return recursive(question, dns, provider, ctx);
      const zone = zoneOf(
        question.name,
        dns.zones.filter((each) => serves(each, server)),
      );
      if (zone === null) return answer('REFUSED', [], { authoritative: false });
      return authoritative(question, zone, dns, held);
    },
  };
  return dns;
}

function authoritative(
  question: DnsQuestion,
  zone: FakeZone,
  dns: FakeDns,
  held: readonly DnsRecord[],
): DnsResponse {
  const cut = zoneOf(question.name, dns.zones);
  if (cut !== null && cut !== zone)
    return answer('NOERROR', [], { authoritative: false, authority: nameServerRecords(cut) });
  const own = [...held, ...apexRecords(question.name, zone)];
  const wild = own.length > 0 ? [] : synthesized(question.name, zone, dns);
  const all = [...own, ...wild];
  const answers = all.filter(({ type }) => type === question.type || type === 'CNAME');
  if (answers.length > 0) return answer('NOERROR', answers);
  const below = dns.records.some(({ name }) => isWithin(name, question.name));
  return answer(all.length > 0 || below ? 'NOERROR' : 'NXDOMAIN', [], { authority: [soa(zone)] });
}

async function recursive(
  question: DnsQuestion,
  dns: FakeDns,
  provider: MemoryProvider,
  ctx: Pick<Ctx, 'signal'>,
): Promise<DnsResponse> {
  const answers: DnsRecord[] = [];
  let { name } = question;
  for (let hops = 0; hops < MAX_CNAMES; hops += 1) {
    const zone = zoneOf(name, dns.zones);
    if (zone === null) return answer('SERVFAIL', answers, { authoritative: false });
    const asked = { ...question, name };
    const held = await recordsAt(asked, dns.records, provider, ctx);
    const said = authoritative(asked, zone, dns, held);
    answers.push(...said.answers);
    const alias = said.answers.find(({ type }) => type === 'CNAME');
    if (alias?.type !== 'CNAME' || question.type === 'CNAME')
      return { ...said, answers, authoritative: false };
    name = alias.data;
  }
  return answer('SERVFAIL', answers, { authoritative: false });
}

async function recordsAt(
  { name }: DnsQuestion,
  records: readonly DnsRecord[],
  provider: MemoryProvider,
  { signal }: Pick<Ctx, 'signal'>,
): Promise<DnsRecord[]> {
  const fixed = records.filter((record) => record.name === name);
  const ctx = { signal, log: SILENT, changeId: 'fake' };
  const zone = await provider.findZone(name, ctx);
  if (zone === null) return fixed;
  const keys = [{ name, type: 'SRV' } as const, { name, type: 'TXT' } as const];
  const live = await provider.readRRsets(zone, keys, ctx);
  return [
    ...fixed,
    ...live.flatMap((rrset): DnsRecord[] => {
      if (rrset?.type === 'SRV')
        return rrset.values.map((data) => ({ name, ttl: rrset.ttl, type: 'SRV', data }));
      return rrset?.type === 'TXT'
        ? rrset.values.map((data) => ({ name, ttl: rrset.ttl, type: 'TXT', data }))
        : [];
    }),
  ];
}

/** RFC 4592, as far as it is needed here: the wildcard of an ancestor answers for what does not exist. */
function synthesized(name: DomainName, zone: FakeZone, dns: FakeDns): DnsRecord[] {
  for (let at = parentName(name); at !== null && isWithin(at, zone.apex); at = parentName(at)) {
    const star = under('*', at);
    const found = dns.records.filter((record) => record.name === star);
    if (found.length > 0) return found.map((record) => ({ ...record, name }));
  }
  return [];
}

function apexRecords(name: DomainName, zone: FakeZone): DnsRecord[] {
  return name === zone.apex ? [soa(zone), ...nameServerRecords(zone)] : [];
}

function nameServerRecords({ apex, servers }: FakeZone): DnsRecord[] {
  return [...servers.keys()].map((data) => ({ name: apex, ttl: 3600, type: 'NS', data }));
}

function soa({ apex }: FakeZone): DnsRecord {
  return {
    name: apex,
    ttl: 3600,
    type: 'SOA',
    data: { mname: under('ns1', apex), serial: 1, minimum: NEGATIVE_TTL },
  };
}

function serves({ servers }: FakeZone, { address }: Endpoint): boolean {
  return [...servers.values()].flat().includes(address);
}

function zoneOf(name: DomainName, zones: readonly FakeZone[]): FakeZone | null {
  const above = zones.filter(({ apex }) => isWithin(name, apex));
  return above.sort((a, b) => b.apex.length - a.apex.length)[0] ?? null;
}

const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
