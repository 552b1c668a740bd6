import { changedKey } from '../../src/dns/change.ts';
import { isWildcard, parseDomainName } from '../../src/dns/domain-name.ts';
import { characterStrings, keyText, sameRRset } from '../../src/dns/rrset.ts';
import { BACKOFF, DelegatedError } from '../../src/errors.ts';
import type { Change, DomainName, RRset, RRsetKey, TxtRRset, Zone } from '../../src/provider.ts';
import { zoneOf } from './authority.ts';
import type { ZoneData } from './zone-data.ts';

// A message ends at 65535 octets; the header, the question and a margin are left out.
const MAX_RRSET_OCTETS = 60_000;
const MAX_TTL = 0x7fffffff;

/**
 * The zone after all the changes; the same object when they change nothing.
 * @throws DelegatedError E_PROVIDER_CONFLICT, E_PROVIDER_REJECTED, E_RECORD_CNAME, E_ZONE_NOT_FOUND
 */
export function applyChanges(
  data: ZoneData,
  zone: Zone,
  changes: readonly Change[],
  zones: readonly DomainName[],
): ZoneData {
  const rrsets = new Map(data.rrsets);
  let changed = false;
  for (const change of changes) {
    const key = changedKey(change);
    mustHold(data, key, zone, zones);
    const before = rrsets.get(keyText(key));
    const after = outcome(before, change);
    if (before === undefined && after === undefined) continue;
    if (before !== undefined && after !== undefined && sameRRset(before, after)) continue;
    changed = true;
    if (after === undefined) rrsets.delete(keyText(key));
    else rrsets.set(keyText(key), served(after));
  }
  return changed ? { ...data, rrsets } : data;
}

/** The key lies in this zone, and not in a deeper one or behind an alias. */
export function mustHold(data: ZoneData, key: RRsetKey, zone: Zone, zones: readonly DomainName[]): void {
  const deepest = zoneOf(key.name, zones);
  if (deepest === null || deepest !== zone.name)
    throw new DelegatedError(
      'E_ZONE_NOT_FOUND',
      `${key.name} lies in ${deepest ?? 'none of the zones'}, not in ${zone.name}`,
      { hint: 'add the zone to `zones` of the provider' },
    );
  const alias = data.aliases.get(key.name);
  if (alias !== undefined)
    throw new DelegatedError('E_RECORD_CNAME', `${key.name} is a CNAME to ${alias.target}`, {
      hint: 'remove the CNAME from the file of the zone',
    });
}

function outcome(before: RRset | undefined, change: Change): RRset | undefined {
  if (change.op === 'put') {
    demand(before, change.expect === 'absent' ? undefined : change.expect, change);
    return change.rrset;
  }
  if (change.op === 'delete') {
    demand(before, change.rrset, change);
    return undefined;
  }
  const values = valuesOf(before);
  return withValues(
    before,
    change,
    change.op === 'add'
      ? [...new Set([...values, ...change.values])]
      : values.filter((value) => !change.values.includes(value)),
  );
}

function demand(before: RRset | undefined, expected: RRset | undefined, change: Change): void {
  const holds =
    before === undefined || expected === undefined ? before === expected : sameRRset(before, expected);
  if (holds) return;
  throw new DelegatedError(
    'E_PROVIDER_CONFLICT',
    `${keyText(changedKey(change))} is not what was read before`,
    { hint: 'another process writes the same records; the next run reads them again', retry: BACKOFF },
  );
}

function valuesOf(rrset: RRset | undefined): readonly string[] {
  return rrset?.type === 'TXT' ? rrset.values : [];
}

function withValues(
  before: RRset | undefined,
  change: { readonly name: DomainName; readonly ttl: number },
  values: readonly string[],
): TxtRRset | undefined {
  if (values.length === 0) return undefined;
  return { name: change.name, type: 'TXT', ttl: before?.ttl ?? change.ttl, values };
}

/** What can be served as it is, or it throws. */
function served(rrset: RRset): RRset {
  if (isWildcard(rrset.name)) throw rejected(rrset, 'wildcards are not served');
  if (!Number.isInteger(rrset.ttl) || rrset.ttl < 0 || rrset.ttl > MAX_TTL)
    throw rejected(rrset, `the TTL ${rrset.ttl} is not between 0 and ${MAX_TTL}`);
  if (octetsOf(rrset) > MAX_RRSET_OCTETS)
    throw rejected(rrset, `all values together are longer than ${MAX_RRSET_OCTETS} octets`);
  // An SRV target may have come from the wire, where a label can hold any octet; the file holds names as people write them.
  if (rrset.type === 'SRV') for (const { target } of rrset.values) parseDomainName(target);
  return rrset;
}

function rejected(rrset: RRset, why: string): DelegatedError {
  return new DelegatedError('E_PROVIDER_REJECTED', `${keyText(rrset)} cannot be served: ${why}`, {
    hint: 'ask for a value that can be, or use another provider',
  });
}

const RECORD_OVERHEAD_OCTETS = 12;

function octetsOf(rrset: RRset): number {
  const rdata =
    rrset.type === 'SRV'
      ? rrset.values.map(({ target }) => 7 + target.length)
      : rrset.values.map((value) => value.length + characterStrings(value).length);
  return rdata.reduce((sum, octets) => sum + octets + rrset.name.length + RECORD_OVERHEAD_OCTETS, 0);
}
