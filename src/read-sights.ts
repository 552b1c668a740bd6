/** What stands at the names of many sites, in as few reads as the trouble allows. */
import type { DomainName } from './dns/domain-name.ts';
import { recordKeys } from './dns/fence.ts';
import type { Sight } from './dns/plan.ts';
import { type RRset, type RRType, keyText } from './dns/rrset.ts';
import type { Zone } from './dns/zone.ts';
import { DelegatedError, asDelegatedError } from './errors.ts';
import type { DesiredSrv } from './matrix/delegation.ts';
import type { Ctx } from './ports.ts';
import type { ZoneAccess } from './zone-access.ts';

/** By `keyText`. An error where a CNAME stands, past which no adapter reads. */
export type Sights = ReadonlyMap<string, RRset | null | DelegatedError>;

/**
 * One read for all the names. Where a CNAME stands at one of them the read is halved until it is that name's trouble
 * only.
 * @throws DelegatedError of a read that failed for any other reason: nothing is known then
 */
export async function readSights(
  access: ZoneAccess,
  zone: Zone,
  names: readonly DomainName[],
  ctx: Ctx,
): Promise<Sights> {
  const keys = recordKeys(names);
  try {
    const found = await access.read(zone, keys, ctx);
    return new Map(keys.map((key, index) => [keyText(key), found[index] ?? null]));
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code !== 'E_RECORD_CNAME') throw error;
    if (names.length === 1) return new Map(keys.map((key) => [keyText(key), error]));
    const half = Math.ceil(names.length / 2);
    const left = await readSights(access, zone, names.slice(0, half), ctx);
    return new Map([...left, ...(await readSights(access, zone, names.slice(half), ctx))]);
  }
}

/**
 * What the plan needs to know of one name; null where a CNAME stands and nothing is wanted.
 * @throws DelegatedError E_RECORD_CNAME
 */
export function sightOf({ name, rrset: wanted }: DesiredSrv, sights: Sights): Sight | null {
  const seen = (type: RRType): RRset | null | DelegatedError => {
    const found = sights.get(keyText({ name, type }));
    if (found === undefined) throw new DelegatedError('E_BUG', `${name} ${type} was never read`);
    return found;
  };
  const [srv, txt] = [seen('SRV'), seen('TXT')];
  const obstacle = [srv, txt].find((found) => found instanceof DelegatedError);
  if (obstacle instanceof DelegatedError && wanted !== null) throw obstacle;
  if (srv instanceof DelegatedError || txt instanceof DelegatedError) return null;
  return { name, wanted, srv, txt };
}
