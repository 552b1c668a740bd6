import { changedKey } from '../../src/dns/change.ts';
import { isWithin } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Change, DomainName, Zone } from '../../src/provider.ts';
import { partlyDone } from './partly-done.ts';

export interface TextValue {
  readonly op: 'add' | 'remove';
  readonly name: DomainName;
  readonly value: string;
}

/**
 * For what takes single TXT values and tells nothing back: the values of the changes, in their order.
 * @param who as a person knows it
 * @throws DelegatedError E_PROVIDER_UNSUPPORTED for everything but `add` and `remove`, E_ZONE_NOT_FOUND for a name
 * outside the zone; nothing has been written then
 */
export function textValues(zone: Zone, changes: readonly Change[], who: string): TextValue[] {
  return changes.flatMap((change) => {
    const key = changedKey(change);
    if (!isWithin(key.name, zone.name))
      throw new DelegatedError('E_ZONE_NOT_FOUND', `${key.name} does not lie in the zone ${zone.name}`);
    if (change.op === 'put' || change.op === 'delete')
      throw new DelegatedError('E_PROVIDER_UNSUPPORTED', `${who} cannot write ${keyText(key)} as a whole`, {
        hint: 'it is for challenges only: name another provider as the `provider` of the site',
      });
    return change.values.map((value) => ({ op: change.op, name: change.name, value }));
  });
}

/**
 * Writes one after the other, for what takes one value at a time.
 * @throws what the first that fails throws; when others are done already, never with the outcome `not-applied`
 */
export async function writeInTurn<T>(
  values: readonly T[],
  write: (value: T) => Promise<void>,
): Promise<void> {
  for (const [index, value] of values.entries())
    try {
      await write(value);
    } catch (error) {
      throw index > 0 ? partlyDone(error) : error;
    }
}
