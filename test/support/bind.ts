import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  LOOPBACK,
  type NameServer,
  type NameServerOptions,
  OPEN_TYPES,
  type Setting,
  type TestZone,
  keyClause,
  startNameServer,
  zoneText,
} from './name-server.ts';

/** BIND with an update-policy per zone. Zone transfers are open to loopback. */
export function startBind(options: NameServerOptions): Promise<NameServer> {
  return startNameServer({ kind: 'bind', prepare }, options);
}

async function prepare(setting: Setting): Promise<{ command: string; args: string[] }> {
  const { directory, zones } = setting;
  await Promise.all(zones.map((zone) => writeFile(join(directory, `${zone.name}.zone`), zoneText(zone))));
  const config = join(directory, 'named.conf');
  await writeFile(config, configText(setting), { mode: 0o600 });
  return { command: 'named', args: ['-4', '-c', config, '-g', '-n', '1'] };
}

function configText({ directory, port, keys, zones, recursion, delegated }: Setting): string {
  return [
    ...keys.map(keyClause),
    'options {',
    `  directory "${directory}"; pid-file none; lock-file none;`,
    `  session-keyfile "${directory}/session.key"; managed-keys-directory "${directory}";`,
    `  listen-on port ${port} { ${LOOPBACK}; }; listen-on-v6 { none; };`,
    `  recursion ${recursion ? 'yes' : 'no'};`,
    '  notify no; dnssec-validation no; empty-zones-enable no;',
    '  allow-query { 127.0.0.0/8; }; allow-transfer { 127.0.0.0/8; };',
    '};',
    'controls { };',
    ...zones.map(
      (zone) =>
        `zone "${zone.name}" { type primary; file "${zone.name}.zone"; update-policy { ${policy(zone, keys)} }; };`,
    ),
    ...Object.entries(delegated).map(
      ([zone, at]) =>
        `zone "${zone}" { type forward; forward only; forwarders { ${LOOPBACK} port ${at}; }; };`,
    ),
    '',
  ].join('\n');
}

function policy(zone: Required<TestZone>, keys: Setting['keys']): string {
  const grants =
    zone.grants.length === 0
      ? keys.map((key) => `grant "${key.name}" zonesub ${OPEN_TYPES.join(' ')};`)
      : zone.grants.map((grant) => `grant "${grant.key}" name ${grant.name} ${grant.types.join(' ')};`);
  return grants.join(' ');
}
