import type { RRsetKey } from '../../src/provider.ts';

/** Rights for exactly these RRsets. PowerDNS knows none finer than a whole zone. */
export function updatePolicy(keys: readonly RRsetKey[]): string {
  const grants = keys.map(({ name, type }) => `    grant "delegated" name ${name} ${type};`);
  return [
    'The key is called "delegated" here.',
    'BIND (in the zone statement; instead of allow-update):',
    '  update-policy {',
    ...grants,
    '  };',
    'Knot (the zone refers to the acl):',
    '  acl:',
    '    - id: delegated',
    '      key: delegated',
    '      action: update',
    `      update-type: [${[...new Set(keys.map(({ type }) => type))].join(', ')}]`,
    '      update-owner: name',
    '      update-owner-match: equal',
    `      update-owner-name: [${[...new Set(keys.map(({ name }) => name))].join(', ')}]`,
    'PowerDNS (the key may then change the whole zone):',
    '  pdnsutil set-meta ZONE TSIG-ALLOW-DNSUPDATE delegated',
  ].join('\n');
}
