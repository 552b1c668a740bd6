import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  LOOPBACK,
  type NameServer,
  type NameServerOptions,
  OPEN_TYPES,
  type Setting,
  type TestZone,
  startNameServer,
  zoneText,
} from './name-server.ts';

/** Knot with one acl per grant. Zone transfers are open to loopback. */
export function startKnot(options: NameServerOptions): Promise<NameServer> {
  return startNameServer({ kind: 'knot', prepare }, options);
}

async function prepare(setting: Setting): Promise<{ command: string; args: string[] }> {
  const { directory, zones } = setting;
  await mkdir(join(directory, 'zones'));
  await Promise.all(
    zones.map((zone) => writeFile(join(directory, 'zones', `${zone.name}.zone`), zoneText(zone))),
  );
  const config = join(directory, 'knot.conf');
  await writeFile(config, configText(setting), { mode: 0o600 });
  return { command: 'knotd', args: ['-c', config] };
}

function configText({ directory, port, keys, zones }: Setting): string {
  return `
server:
    listen: ${LOOPBACK}@${port}
    rundir: ${directory}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: ${directory}
    journal-db-max-size: 16M
    kasp-db-max-size: 5M
    timer-db-max-size: 1M
key:
${keys.map((key) => `  - id: "${key.name}"\n    algorithm: ${key.algorithm}\n    secret: ${key.secret}\n`).join('')}
acl:
  - id: transfer
    address: ${LOOPBACK}
    action: transfer
${zones.flatMap((zone) => acls(zone, keys)).join('')}
template:
  - id: default
    storage: ${directory}/zones
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: whole
    semantic-checks: off
zone:
${zones.map((zone) => `  - domain: "${zone.name}"\n    acl: [${['transfer', ...aclIds(zone, keys)].join(', ')}]\n`).join('')}`;
}

function grantsOf(zone: Required<TestZone>, keys: Setting['keys']): { key: string; rule: string }[] {
  if (zone.grants.length === 0)
    return keys.map((key) => ({ key: key.name, rule: `update-type: [${OPEN_TYPES.join(', ')}]` }));
  return zone.grants.map((grant) => ({
    key: grant.key,
    rule: [
      `update-type: [${grant.types.join(', ')}]`,
      'update-owner: name',
      'update-owner-match: equal',
      `update-owner-name: [${grant.name.endsWith('.') ? grant.name : `${grant.name}.`}]`,
    ].join('\n    '),
  }));
}

function aclIds(zone: Required<TestZone>, keys: Setting['keys']): string[] {
  return grantsOf(zone, keys).map((_, index) => `"${zone.name}/${index}"`);
}

function acls(zone: Required<TestZone>, keys: Setting['keys']): string[] {
  const ids = aclIds(zone, keys);
  return grantsOf(zone, keys).map(
    ({ key, rule }, index) => `  - id: ${ids[index]}\n    key: "${key}"\n    action: update\n    ${rule}\n`,
  );
}
