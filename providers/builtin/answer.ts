import type { Answer as Record } from 'dns-packet';
import { ancestry, isWithin, parentName, relativeToRoot } from '../../src/dns/domain-name.ts';
import { characterStrings, keyText } from '../../src/dns/rrset.ts';
import type { DomainName, RRset } from '../../src/provider.ts';
import { type Authority, zoneOf } from './authority.ts';
import type { Question } from './query.ts';
import type { ZoneData } from './zone-data.ts';

export interface Answer {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: Record[];
  readonly authorities: Record[];
}

export const RCODE = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5, badVers: 16 };

const TYPE = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  txt: 16,
  aaaa: 28,
  srv: 33,
  ds: 43,
  ixfr: 251,
  axfr: 252,
  any: 255,
};
const CLASS_IN = 1;
/** Seconds; of records that only a change of the config changes. */
const CONFIG_TTL = 3600;

export function refusal(rcode: number): Answer {
  return { rcode, authoritative: false, answers: [], authorities: [] };
}

/** What an authoritative server without recursion says (RFC 1034 §4.3.2, RFC 2308). */
export function answer(question: Question, authority: Authority, data: ZoneData): Answer {
  const zone = answeringZone(question, authority);
  if (zone === null || question.class !== CLASS_IN) return refusal(RCODE.refused);
  if (question.type === TYPE.axfr || question.type === TYPE.ixfr) return refusal(RCODE.refused);
  const answers = recordsFor(question, zone, authority, data);
  const found = { rcode: RCODE.noError, authoritative: true, answers, authorities: [] };
  if (answers.length > 0) return found;
  const rcode = exists(question.name, authority, data) ? RCODE.noError : RCODE.nxDomain;
  return { ...found, rcode, authorities: [soa(zone, authority, data.serial, authority.negativeTtl)] };
}

/** The DS records of a zone are its parent's to give (RFC 4035 §3.1.4.1), where the parent is here as well. */
function answeringZone({ name, type }: Question, { zones }: Authority): DomainName | null {
  const above = type === TYPE.ds && zones.includes(name) ? parentName(name) : null;
  const parent = above === null ? null : zoneOf(above, zones);
  return parent ?? zoneOf(name, zones);
}

function recordsFor(question: Question, zone: DomainName, authority: Authority, data: ZoneData): Record[] {
  const { name, type } = question;
  const alias = data.aliases.get(name);
  if (alias !== undefined)
    return [{ name: alias.name, type: 'CNAME', ttl: alias.ttl, data: relativeToRoot(alias.target) }];
  if (type === TYPE.any) return exists(name, authority, data) ? [minimalAny(name)] : [];
  if (type === TYPE.srv || type === TYPE.txt) {
    const rrset = data.rrsets.get(keyText({ name, type: type === TYPE.srv ? 'SRV' : 'TXT' }));
    return rrset === undefined ? [] : recordsOf(rrset);
  }
  if (type === TYPE.a || type === TYPE.aaaa)
    return hostRecords(name, type === TYPE.a ? 'A' : 'AAAA', authority);
  if (name !== zone) return [];
  if (type === TYPE.soa) return [soa(zone, authority, data.serial, CONFIG_TTL)];
  if (type !== TYPE.ns) return [];
  return authority.hostnames.map((host) => ({
    name,
    type: 'NS',
    ttl: CONFIG_TTL,
    data: relativeToRoot(host),
  }));
}

/** The name, or one below it, has records (RFC 8020): an empty non-terminal exists. */
function exists(name: DomainName, { zones, addresses }: Authority, data: ZoneData): boolean {
  if (namesOf(data).has(name)) return true;
  return [...zones, ...addresses.keys()].some((owner) => isWithin(owner, name));
}

const namesByData = new WeakMap<ZoneData, ReadonlySet<DomainName>>();

/** Every name with records, and every name above; made once for each version of the zone. */
function namesOf(data: ZoneData): ReadonlySet<DomainName> {
  const known = namesByData.get(data);
  if (known !== undefined) return known;
  const owners = [...data.rrsets.values(), ...data.aliases.values()];
  const names = new Set(owners.flatMap((owner) => ancestry(owner.name)));
  namesByData.set(data, names);
  return names;
}

/** RFC 8482 §4.2: ANY served in full is good for amplification and for nothing else. */
function minimalAny(name: DomainName): Record {
  return { name, type: 'HINFO', ttl: CONFIG_TTL, data: { cpu: 'RFC8482', os: '' } };
}

function hostRecords(name: DomainName, type: 'A' | 'AAAA', { addresses }: Authority): Record[] {
  const hosts = (addresses.get(name) ?? []).filter((host) => host.type === type);
  return hosts.map(({ address }) => ({ name, type, ttl: CONFIG_TTL, data: address }));
}

function soa(
  zone: DomainName,
  { hostnames, hostmaster, negativeTtl }: Authority,
  serial: number,
  ttl: number,
): Record {
  return {
    name: zone,
    type: 'SOA',
    ttl,
    data: {
      mname: relativeToRoot(hostnames[0]),
      rname: relativeToRoot(hostmaster),
      serial,
      refresh: 3600,
      retry: 600,
      expire: 604_800,
      minimum: negativeTtl,
    },
  };
}

function recordsOf(rrset: RRset): Record[] {
  const { name, ttl } = rrset;
  if (rrset.type === 'SRV')
    return rrset.values.map((data) => ({ name, type: 'SRV', ttl, data: { ...data } }));
  return rrset.values.map((value) => ({
    name,
    type: 'TXT',
    ttl,
    data: characterStrings(value).map((part) => Buffer.from(part, 'latin1')),
  }));
}
