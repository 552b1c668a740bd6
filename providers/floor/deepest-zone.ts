import { isWithin } from '../../src/dns/domain-name.ts';
import type { DomainName } from '../../src/provider.ts';

/** The longest of the zones that the name lies in. */
export function deepestZone<T extends { readonly name: DomainName }>(
  name: DomainName,
  zones: readonly T[],
): T | null {
  const above = zones.filter((zone) => isWithin(name, zone.name));
  return above.sort((a, b) => b.name.length - a.name.length)[0] ?? null;
}
