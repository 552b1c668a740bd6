/** One managed zone of the fake: what https://docs.cloud.google.com/dns/docs/reference/v1/changes says (2026-11). */
import { Refusal } from './google-refusal.ts';

export interface StoredRRset {
  readonly kind: 'dns#resourceRecordSet';
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
}

export interface FakeZone {
  readonly name: string;
  readonly id: string;
  readonly dnsName: string;
  readonly visibility: 'public' | 'private';
  readonly forwardingConfig?: object;
  readonly peeringConfig?: object;
  /** By `NAME TYPE`. */
  readonly rrsets: Map<string, StoredRRset>;
  readonly changes: { readonly id: string; polls: number }[];
}

const TYPES = new Set(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'SOA', 'SRV', 'TXT']);
const FIELDS = new Set(['kind', 'name', 'type', 'ttl', 'rrdatas', 'signatureRrdatas']);
const MOST = 1_000;
const MOST_TTL = 0x7fffffff;
const TXT = /^(?:"(?:[^"\\]|\\[0-9]{3}|\\["\\]){0,255}")(?: "(?:[^"\\]|\\[0-9]{3}|\\["\\]){0,255}")*$/;
const SRV = /^\d{1,5} \d{1,5} \d{1,5} (?:\.|(?:[a-z0-9_-]+\.)+)$/;

/** All of it or nothing. @throws Refusal as the API words it */
export function changeZone(zone: FakeZone, body: unknown): void {
  const { additions, deletions } = changeOf(body);
  const next = new Map(zone.rrsets);
  for (const [index, gone] of deletions.entries()) {
    const named = `entity.change.deletions[${index}]`;
    const stored = next.get(keyOf(gone));
    if (stored === undefined)
      throw new Refusal(
        404,
        'notFound',
        `The '${named}' resource named '${gone.name} (${gone.type})' does not exist.`,
      );
    if (gone.ttl !== stored.ttl || gone.rrdatas.join('\n') !== stored.rrdatas.join('\n'))
      throw new Refusal(412, 'conditionNotMet', `Precondition not met for '${named}'`);
    next.delete(keyOf(gone));
  }
  for (const [index, added] of additions.entries()) {
    const named = `entity.change.additions[${index}]`;
    if (added.name !== zone.dnsName && !added.name.endsWith(`.${zone.dnsName}`))
      throw invalid(`${named}.name`, added.name);
    if (next.has(keyOf(added)))
      throw new Refusal(
        409,
        'alreadyExists',
        `The resource '${named}' named '${added.name} (${added.type})' already exists`,
      );
    next.set(keyOf(added), { kind: 'dns#resourceRecordSet', ...added });
  }
  for (const { name, type } of next.values())
    if (type === 'CNAME' && [...next.values()].some((each) => each.name === name && each.type !== 'CNAME'))
      throw new Refusal(
        400,
        'cnameResourceRecordSetConflict',
        `The resource record set 'entity.change.additions[${name}]' is invalid because the DNS name '${name}' may have either one CNAME resource record set or resource record sets of other types, but not both.`,
      );
  zone.rrsets.clear();
  for (const [key, rrset] of next) zone.rrsets.set(key, rrset);
}

type Entry = Omit<StoredRRset, 'kind'>;

function changeOf(body: unknown): { readonly additions: Entry[]; readonly deletions: Entry[] } {
  const change = mapping(body, 'entity.change');
  for (const key of Object.keys(change))
    if (key !== 'additions' && key !== 'deletions' && key !== 'kind')
      throw new Refusal(400, 'badRequest', `Invalid JSON payload received. Unknown name "${key}"`);
  const additions = entries(change['additions'], 'entity.change.additions');
  const deletions = entries(change['deletions'], 'entity.change.deletions');
  if (additions.length + deletions.length === 0)
    throw new Refusal(400, 'required', "The 'entity.change' parameter is required but was missing.");
  return { additions, deletions };
}

function entries(list: unknown, named: string): Entry[] {
  if (!Array.isArray(list) || list.length > MOST) throw invalid(named, String(list));
  const found = list.map((each: unknown, index) => entryOf(mapping(each, named), `${named}[${index}]`));
  if (new Set(found.map(keyOf)).size < found.length) throw invalid(named, 'the same name and type twice');
  return found;
}

function entryOf(entry: Readonly<Record<string, unknown>>, named: string): Entry {
  for (const key of Object.keys(entry))
    if (!FIELDS.has(key))
      throw new Refusal(
        400,
        'badRequest',
        `Invalid JSON payload received. Unknown name "${key}" at '${named}'`,
      );
  const { name, type, ttl, rrdatas } = entry;
  if (typeof name !== 'string' || !/^(?:[a-z0-9_*-]+\.)+$/.test(name)) throw invalid(`${named}.name`, name);
  if (typeof type !== 'string' || !TYPES.has(type)) throw invalid(`${named}.type`, type);
  if (typeof ttl !== 'number' || !Number.isInteger(ttl) || ttl < 0 || ttl > MOST_TTL)
    throw invalid(`${named}.ttl`, ttl);
  if (!Array.isArray(rrdatas) || rrdatas.length === 0 || new Set(rrdatas).size < rrdatas.length)
    throw invalid(`${named}.rrdatas`, rrdatas);
  const texts = rrdatas.map((each: unknown) => {
    const good = type === 'TXT' ? TXT : type === 'SRV' ? SRV : /./;
    if (typeof each !== 'string' || !good.test(each)) throw invalid(`${named}.rrdata`, each);
    return each;
  });
  return { name, type, ttl, rrdatas: texts };
}

export function keyOf({ name, type }: { readonly name: string; readonly type: string }): string {
  return `${name} ${type}`;
}

export function invalid(parameter: string, value: unknown): Refusal {
  return new Refusal(400, 'invalid', `Invalid value for '${parameter}': '${String(value)}'`);
}

function mapping(value: unknown, named: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(named, value);
  return Object.fromEntries(Object.entries(value));
}
