import { type DomainName, relativeToRoot, under } from '../dns/domain-name.ts';

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
  const twice = ['_matrix-fed._tcp', '_matrix._tcp'].map((prefix) => `${prefix}.${relativeToRoot(host)}`);
  return [...PREFIXES, ...twice].flatMap((prefix) => {
    try {
      return [under(prefix, host)];
    } catch {
      // Longer than a name can be, so nobody has published it.
      return [];
    }
  });
}
