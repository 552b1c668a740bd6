import { keyText } from '../../src/dns/rrset.ts';
import type { RRset, RRsetKey } from '../../src/provider.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { aliasFound } from '../floor/alias-found.ts';
import type { Endpoint } from './answers.ts';
import { byKey, fromEndpoints } from './convert.ts';
import { VENDOR } from './protocol.ts';

/**
 * The RRsets for the keys, in their order.
 * @throws DelegatedError E_RECORD_CNAME, E_PROVIDER_UNAVAILABLE for a record that cannot be read
 */
export function rrsetsIn(list: readonly Endpoint[], keys: readonly RRsetKey[]): (RRset | null)[] {
  const found = byKey(list);
  return keys.map((key) => {
    const alias = found.get(`${key.name} CNAME`);
    if (alias !== undefined)
      throw aliasFound(key.name, alias.flatMap(({ targets }) => targets ?? []).join(', '));
    const rrset = fromEndpoints(key, found.get(keyText(key)) ?? []);
    if (rrset === undefined)
      throw brokenAnswer({ vendor: VENDOR, to: `show ${keyText(key)}`, write: false }, 'unreadable records');
    return rrset;
  });
}
