/** The records of a hosted zone and what Route 53 refuses to do with them; its words are those that users quote. */

export interface FakeRRset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** In the form of a master file, escapes octal. */
  readonly values: readonly string[];
  readonly setIdentifier?: string;
  readonly aliasTarget?: string;
}

export interface FakeChange {
  readonly action: string;
  readonly rrset: FakeRRset;
}

export interface FakeZone {
  readonly id: string;
  readonly name: string;
  readonly private: boolean;
  rrsets: readonly FakeRRset[];
}

/** What a batch is refused for; an empty list when all of it was done. */
export function changeZone(zone: FakeZone, changes: readonly FakeChange[]): string[] {
  const values = changes.flatMap(({ rrset }) => rrset.values);
  if (values.length > 1_000) return ['Number of records limit of 1000 exceeded.'];
  if (values.join('').length > 32_000) return ['Number of characters limit of 32000 exceeded.'];
  const complaints: string[] = [];
  let rrsets = zone.rrsets;
  for (const change of changes) {
    const complaint = complaintAbout(zone, rrsets, change);
    if (complaint !== null) complaints.push(complaint);
    else rrsets = changed(rrsets, change);
  }
  if (complaints.length === 0) zone.rrsets = rrsets;
  return complaints;
}

function changed(rrsets: readonly FakeRRset[], { action, rrset }: FakeChange): readonly FakeRRset[] {
  const others = rrsets.filter((each) => !sameSet(each, rrset));
  return action === 'DELETE' ? others : [...others, canonical(rrset)];
}

function complaintAbout(
  zone: FakeZone,
  rrsets: readonly FakeRRset[],
  { action, rrset }: FakeChange,
): string | null {
  const { name, type } = rrset;
  const label = `[name='${name}', type='${type}']`;
  if (name !== zone.name && !name.endsWith(`.${zone.name}`))
    return `RRSet with DNS name ${name} is not permitted in zone ${zone.name}`;
  const bad = rrset.values.find((value) => canonicalValue(type, value) === null);
  if (bad !== undefined)
    return `Invalid Resource Record: 'FATAL problem: InvalidRData (${type}) encountered with '${bad}''`;
  const values = canonical(rrset).values;
  if (new Set(values).size < values.length)
    return `Duplicate Resource Record: '${values.find((value, at) => values.indexOf(value) !== at) ?? ''}'`;
  const stands = rrsets.find((each) => sameSet(each, rrset));
  if (action === 'DELETE') {
    if (stands === undefined) return `Tried to delete resource record set ${label} but it was not found`;
    const exact =
      stands.ttl === rrset.ttl && [...stands.values].sort().join('\n') === [...values].sort().join('\n');
    return exact
      ? null
      : `Tried to delete resource record set ${label} but the values provided do not match the current values`;
  }
  if (stands !== undefined && action === 'CREATE')
    return `Tried to create resource record set ${label} but it already exists`;
  const beside = rrsets.filter((each) => each.name === name);
  if (beside.some((each) => each.type === type && each.setIdentifier !== rrset.setIdentifier))
    return `RRSet with DNS name ${name}, type ${type}, SetIdentifier null cannot be created as a non-simple set exists with the same name and type.`;
  if (type !== 'CNAME' && beside.some((each) => each.type === 'CNAME'))
    return `RRSet of type ${type} with DNS name ${name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${zone.name}`;
  return null;
}

function sameSet(a: FakeRRset, b: FakeRRset): boolean {
  return a.name === b.name && a.type === b.type && a.setIdentifier === b.setIdentifier;
}

/** As it is sent back, whatever way it came. */
export function canonical(rrset: FakeRRset): FakeRRset {
  return { ...rrset, values: rrset.values.map((value) => canonicalValue(rrset.type, value) ?? value) };
}

function canonicalValue(type: string, value: string): string | null {
  if (type === 'TXT') return canonicalTxt(value);
  if (type !== 'SRV') return value;
  const [, a, b, c, target] = /^(\d{1,5}) (\d{1,5}) (\d{1,5}) (\S{1,254})$/.exec(value) ?? [];
  if (target === undefined || [a, b, c].some((number) => Number(number) > 65_535)) return null;
  return `${Number(a)} ${Number(b)} ${Number(c)} ${target.toLowerCase().replace(/\.?$/, '.')}`;
}

/** Quoted strings of at most 255 octets; what is not printable has to be written in octal. */
function canonicalTxt(value: string): string | null {
  const string = String.raw`"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[0-3][0-7]{2}|\\["\\])*"`;
  if (!new RegExp(`^${string}(?: ${string})*$`).test(value)) return null;
  const parts = value.match(new RegExp(string, 'g')) ?? [];
  const octets = parts.map((part) => octetsOf(part.slice(1, -1)));
  if (octets.some((part) => part.length > 255) || octets.join('').length > 4_000) return null;
  return octets.map(quoted).join(' ');
}

/** One `char` per octet. */
export function octetsOf(text: string): string {
  return text.replace(/\\([0-3][0-7]{2}|.)/g, (_, escape: string) =>
    escape.length === 3 ? String.fromCharCode(Number.parseInt(escape, 8)) : escape,
  );
}

/** One character-string. */
export function quoted(octets: string): string {
  return `"${octets.replace(/[^]/g, octetText)}"`;
}

function octetText(octet: string): string {
  if (octet === '"' || octet === '\\') return `\\${octet}`;
  const code = octet.charCodeAt(0);
  return code < 0x20 || code > 0x7e ? `\\${code.toString(8).padStart(3, '0')}` : octet;
}

/** By name from right to left, then by type and identifier. */
export function inOrder(rrsets: readonly FakeRRset[]): FakeRRset[] {
  return [...rrsets].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

export function sortKey({
  name,
  type,
  setIdentifier,
}: Pick<FakeRRset, 'name' | 'type' | 'setIdentifier'>): string {
  return `${reversed(name)}\u0000${type}\u0000${setIdentifier ?? ''}`;
}

export function reversed(name: string): string {
  return `${name.replace(/\.$/, '').split('.').reverse().join('.')}.`;
}
