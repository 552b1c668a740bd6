/** The records of the fake Cloudflare: what it takes, what it refuses, how it shows them. */

export interface FakeRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** As the API shows it; for SRV without the priority. */
  readonly content: string;
  readonly data?: Readonly<Record<string, unknown>>;
  /** Of records from before there was `data`. */
  readonly priority?: number;
  readonly comment?: string;
}

/** What the API says no with. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly chain: readonly [number, string] | undefined;

  constructor(status: number, code: number, message: string, chain?: readonly [number, string]) {
    super(message);
    this.status = status;
    this.code = code;
    this.chain = chain;
  }

  body(): object {
    const chain =
      this.chain === undefined ? {} : { error_chain: [{ code: this.chain[0], message: this.chain[1] }] };
    return { code: this.code, message: this.message, ...chain };
  }
}

interface Zone {
  readonly name: string;
  readonly records: readonly FakeRecord[];
}

type Fields = Readonly<Record<string, unknown>>;

/** What one batch takes on the Free plan. */
const MOST_OPERATIONS = 200;
const RECORD_FIELDS = ['name', 'type', 'ttl', 'content', 'data', 'comment'];
let ids = 0;

export function newId(): string {
  return (ids += 1).toString(16).padStart(32, 'b');
}

/** All or nothing, in the order that the API keeps. */
export function applyBatch(zone: Zone, text: string): { records: readonly FakeRecord[]; result: object } {
  const body = fieldsOf(parse(text));
  demandKnown(body, ['deletes', 'patches', 'puts', 'posts']);
  const [deletes, patches, puts, posts] = ['deletes', 'patches', 'puts', 'posts'].map((key) =>
    listOf(body[key]),
  );
  const all = [...(deletes ?? []), ...(patches ?? []), ...(puts ?? []), ...(posts ?? [])];
  if (all.length === 0 || all.length > MOST_OPERATIONS)
    throw new Refusal(400, 1004, 'DNS Validation Error', [
      9300,
      `between 1 and ${MOST_OPERATIONS} operations`,
    ]);
  let records = zone.records;
  const at = (id: unknown): FakeRecord => {
    const found = records.find((each) => each.id === id);
    if (found === undefined) throw new Refusal(404, 81044, 'Record does not exist.');
    return found;
  };
  const store = (record: FakeRecord): FakeRecord => {
    demandPlace(record, records);
    const others = records.filter(({ id }) => id !== record.id);
    records = [...others, record];
    return record;
  };
  const deleted = (deletes ?? []).map((each) => {
    demandKnown(each, ['id']);
    const record = at(each['id']);
    records = records.filter(({ id }) => id !== record.id);
    return record;
  });
  const patched = (patches ?? []).map((each) => {
    const { id, ...old } = at(each['id']);
    const { id: _, ...fields } = each;
    return store({
      ...recordOf({ ...old, ...(old.type === 'SRV' ? { content: undefined } : {}), ...fields }, zone),
      id,
    });
  });
  const put = (puts ?? []).map(({ id, ...fields }) => store({ ...recordOf(fields, zone), id: at(id).id }));
  const posted = (posts ?? []).map((fields) => store({ ...recordOf(fields, zone), id: newId() }));
  return {
    records,
    result: {
      deletes: deleted.map(seen),
      patches: patched.map(seen),
      puts: put.map(seen),
      posts: posted.map(seen),
    },
  };
}

export function seen(record: FakeRecord): object {
  const { data, content } = record;
  return {
    ...record,
    ...(record.type === 'SRV' ? { priority: data?.['priority'] ?? record.priority, content } : {}),
    proxiable: false,
    proxied: false,
    settings: {},
    meta: {},
    tags: [],
  };
}

function recordOf(fields: Fields, zone: Zone): Omit<FakeRecord, 'id'> {
  demandKnown(fields, RECORD_FIELDS);
  const { type, ttl = 1, comment } = fields;
  if (type !== 'SRV' && type !== 'TXT') throw invalid(9004, 'the record type is not known to this fake');
  if (typeof ttl !== 'number' || (ttl !== 1 && !(Number.isInteger(ttl) && ttl >= 60 && ttl <= 86_400)))
    throw invalid(9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.');
  if (comment !== undefined && (typeof comment !== 'string' || comment.length > 100))
    throw invalid(9206, 'The comment is too long for the plan of the zone.');
  const common = {
    name: nameIn(zone, fields['name']),
    type,
    ttl,
    ...(comment === undefined ? {} : { comment }),
  };
  if (type === 'TXT') return { ...common, content: txtContent(fields) };
  if (fields['content'] !== undefined) throw invalid(9207, 'content is read-only for this record type');
  const data = srvFields(fields['data']);
  return { ...common, data, content: `${data.weight} ${data.port} ${data.target}` };
}

/** A name that does not end in the zone is taken as relative to it: a trap of the vendor. */
function nameIn({ name: apex }: Zone, name: unknown): string {
  if (typeof name !== 'string' || name.endsWith('.') || !/^[\w*-]{1,63}(\.[\w-]{1,63})*$/.test(name))
    throw invalid(9000, 'DNS name is invalid.');
  const lower = name.toLowerCase();
  return lower === apex || lower.endsWith(`.${apex}`) ? lower : `${lower}.${apex}`;
}

function txtContent({ content, data }: Fields): string {
  if (data !== undefined) throw invalid(9207, 'data is not for this record type');
  if (typeof content !== 'string') throw invalid(9101, 'Content is a required field.');
  // Cloudflare takes text without quotation marks as well, and warns; we do not want to send it.
  if (!/^"(?:[^"\\]|\\[0-9]{3}|\\["\\])*"(?: "(?:[^"\\]|\\[0-9]{3}|\\["\\])*")*$/.test(content))
    throw invalid(9207, 'Content for TXT record must be quoted character strings.');
  for (const part of content.match(/"(?:[^"\\]|\\.)*"/g) ?? [])
    if (part.slice(1, -1).replace(/\\(?:\d{3}|.)/g, 'x').length > 255)
      throw invalid(9207, 'A character string is longer than 255 bytes.');
  return content;
}

function srvFields(data: unknown): { priority: number; weight: number; port: number; target: string } {
  const fields = fieldsOf(data ?? {});
  demandKnown(fields, ['priority', 'weight', 'port', 'target']);
  const number = (key: string): number => {
    const value = fields[key];
    if (value === undefined) throw invalid(9101, `${key} is a required data field.`);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 65_535)
      throw invalid(9102, `${key} must be between 0 and 65535.`);
    return value;
  };
  const { target } = fields;
  if (typeof target !== 'string') throw invalid(9101, 'target is a required data field.');
  if (target !== '.' && !/^[\w-]{1,63}(\.[\w-]{1,63})*$/.test(target))
    throw invalid(9104, 'target must be a valid hostname.');
  return { priority: number('priority'), weight: number('weight'), port: number('port'), target };
}

/** A CNAME keeps only addresses away: SRV and TXT beside it are taken (cloudflare-docs issue 30376, 2026-05). */
function demandPlace(record: FakeRecord, records: readonly FakeRecord[]): void {
  const beside = records.filter(({ id, name }) => id !== record.id && name === record.name);
  if (beside.some(({ type }) => type === 'NS'))
    throw new Refusal(400, 81056, 'NS records with that host already exist.');
  if (
    beside.some(({ type, content, data }) => type === record.type && sameContent({ content, data }, record))
  )
    throw new Refusal(400, 81058, 'An identical record already exists.');
}

function sameContent(a: Pick<FakeRecord, 'content'> & { data?: Fields | undefined }, b: FakeRecord): boolean {
  return a.content === b.content && a.data?.['priority'] === b.data?.['priority'];
}

function invalid(code: number, message: string): Refusal {
  return new Refusal(400, 1004, 'DNS Validation Error', [code, message]);
}

function demandKnown(fields: Fields, names: readonly string[]): void {
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined && !names.includes(name)) throw invalid(9207, `unknown field ${name}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 6007, 'Malformed JSON in request body');
  }
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(9207, 'expected an object');
  return Object.fromEntries(Object.entries(value));
}

function listOf(value: unknown): Fields[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(9207, 'expected a list');
  return value.map(fieldsOf);
}
