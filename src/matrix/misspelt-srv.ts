import { type DomainName, parseDomainName, relativeToRoot, under } from '../dns/domain-name.ts';

/** Prefixes that people have published in the place of `_matrix-fed._tcp`. No peer asks for any of them. */
const PREFIXES = [
  '_matrix_fed._tcp',
  '_matrixfed._tcp',
  '_matrix-federation._tcp',
  '_matrix-fed._udp',
  '_matrix-fed._tls',
  '_matrix-fed.tcp',
  'matrix-fed._tcp',
  'matrix-fed.tcp',
  // Of an identity server, obsolete; old guides ask for it beside the right one, and some publish only this one.
  '_matrix-identity._tcp',
];

/**
 * Owner names under which an SRV record is never read: misspelt prefixes, and the zone's name twice, which is what
 * comes of a full name in a form that appends the zone.
 */
export function misspeltSrvNames(host: DomainName): DomainName[] {
  const twice = ['_matrix-fed._tcp', '_matrix._tcp'].flatMap((prefix) => {
    try {
      return [parseDomainName(`${prefix}.${host}${relativeToRoot(host)}`)];
    } catch {
      // Too long to exist.
      return [];
    }
  });
  return [...PREFIXES.map((prefix) => under(prefix, host)), ...twice];
}
