/** What the Hetzner Cloud API accepts as records, after https://docs.hetzner.cloud/reference/cloud#zone-rrsets (2026-11). */
export interface FakeRecord {
  readonly value: string;
  readonly comment?: string;
}

export interface RRset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number | null;
  readonly records: readonly FakeRecord[];
}

export interface ZoneState {
  readonly id: number;
  readonly name: string;
  readonly mode: string;
  readonly ttl: number;
  readonly rrsets: Map<string, RRset>;
}

export type Body = Readonly<Record<string, unknown>>;

export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const TXT = /^"(?:[^"\\]|\\.)*"(?: "(?:[^"\\]|\\.)*")*$/s;
const STRING = /"((?:[^"\\]|\\.)*)"/gs;
const SRV = /^\d{1,5} \d{1,5} \d{1,5} \S*\.$/;

export function create(zone: ZoneState, body: Body): void {
  known(body, ['name', 'type', 'ttl', 'records', 'labels']);
  const [name, type] = [body['name'], body['type']];
  if (typeof name !== 'string' || typeof type !== 'string') throw invalid('name and type are required');
  if (zone.rrsets.has(`${name}/${type}`))
    throw new Refusal(409, 'uniqueness_error', `RRSet ${name}/${type} already exists`);
  store(zone, { name, type, ttl: checkedTtl(body['ttl']), records: checkedRecords(type, body['records']) });
}

export function add(zone: ZoneState, name: string, type: string, body: Body): void {
  known(body, ['records', 'ttl']);
  const fresh = checkedRecords(type, body['records']);
  const found = zone.rrsets.get(`${name}/${type}`);
  if (found !== undefined && body['ttl'] !== undefined && body['ttl'] !== found.ttl)
    throw invalid('ttl differs from that of the RRSet');
  if (found?.records.some(({ value }) => fresh.some((each) => each.value === value)) === true)
    throw new Refusal(409, 'uniqueness_error', 'the record already exists');
  const ttl = found?.ttl ?? checkedTtl(body['ttl']);
  store(zone, { name, type, ttl, records: [...(found?.records ?? []), ...fresh] });
}

/** An RRset without a record is gone. */
export function remove(zone: ZoneState, found: RRset, body: Body): void {
  known(body, ['records']);
  const gone = checkedRecords(found.type, body['records']).map(({ value }) => value);
  if (!gone.every((value) => found.records.some((each) => each.value === value)))
    throw new Refusal(404, 'not_found', 'record not found');
  const records = found.records.filter(({ value }) => !gone.includes(value));
  if (records.length === 0) zone.rrsets.delete(`${found.name}/${found.type}`);
  else store(zone, { ...found, records });
}

function store(zone: ZoneState, rrset: RRset): void {
  const { name, type } = rrset;
  if (!/^(?:@|[a-z0-9_*-]{1,63}(?:\.[a-z0-9_-]{1,63})*)$/.test(name) || `${name}.${zone.name}`.endsWith('..'))
    throw invalid(`name '${name}' is not relative to the zone`);
  if (name !== '@' && name.length + zone.name.length + 1 > 253) throw invalid('name is too long');
  const others = [...zone.rrsets.values()].filter((each) => each.name === name && each.type !== type);
  if (others.some((each) => each.type === 'CNAME' || type === 'CNAME'))
    throw invalid('a CNAME cannot stand beside other records');
  zone.rrsets.set(`${name}/${type}`, rrset);
}

export function checkedTtl(ttl: unknown): number | null {
  if (ttl === undefined || ttl === null) return null;
  if (typeof ttl === 'number' && Number.isInteger(ttl) && ttl >= 60 && ttl <= 2_147_483_647) return ttl;
  throw invalid('ttl must be between 60 and 2147483647');
}

export function checkedRecords(type: string, records: unknown): FakeRecord[] {
  if (!Array.isArray(records) || records.length === 0) throw invalid('records must not be empty');
  const checked = records.map((record: unknown): FakeRecord => {
    if (typeof record !== 'object' || record === null || !('value' in record))
      throw invalid('value is required');
    const { value } = record;
    known({ ...record }, ['value', 'comment']);
    if (typeof value !== 'string' || !validValue(type, value)) throw invalid(`invalid ${type} value`);
    const comment = 'comment' in record && typeof record.comment === 'string' ? record.comment : undefined;
    return comment === undefined ? { value } : { value, comment };
  });
  if (new Set(checked.map(({ value }) => value)).size !== checked.length)
    throw invalid('records must be unique');
  return checked;
}

function validValue(type: string, value: string): boolean {
  if (type === 'SRV')
    return (
      SRV.test(value) &&
      value
        .split(' ')
        .slice(0, 3)
        .every((each) => Number(each) < 65_536)
    );
  if (type !== 'TXT') return value !== '';
  return TXT.test(value) && [...value.matchAll(STRING)].every(([, text = '']) => octets(text) <= 255);
}

function octets(text: string): number {
  return text.replace(/\\\d{3}|\\./gs, 'x').length;
}

export function known(body: Body, keys: readonly string[]): void {
  const unknown = Object.keys(body).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw invalid(`unknown field '${unknown}'`);
}

export function invalid(message: string): Refusal {
  return new Refusal(422, 'invalid_input', message);
}

export function absent(key: string): Refusal {
  return new Refusal(404, 'not_found', `RRSet '${key}' not found`);
}
