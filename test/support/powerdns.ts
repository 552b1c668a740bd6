import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import {
  LOOPBACK,
  type NameServer,
  type NameServerOptions,
  type Setting,
  type TestKey,
  type TestZone,
  startNameServer,
} from './name-server.ts';
import { runProgram } from './process.ts';

/** PowerDNS with its HTTP API switched on as well. */
export interface PowerDns extends NameServer {
  readonly api: { readonly url: string; readonly key: string };
}

const SCHEMA = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

/** PowerDNS over SQLite, caches off. Whoever holds a granted key may change the whole zone: it knows no finer rights. */
export async function startPowerDns(options: NameServerOptions): Promise<PowerDns> {
  const apiPort = await freePort();
  const apiKey = randomBytes(12).toString('hex');
  const server = await startNameServer(
    { kind: 'powerdns', prepare: (setting) => prepare(setting, apiPort, apiKey) },
    options,
  );
  return { ...server, api: { url: `http://${LOOPBACK}:${apiPort}`, key: apiKey } };
}

async function prepare(
  setting: Setting,
  apiPort: number,
  apiKey: string,
): Promise<{ command: string; args: string[] }> {
  const { directory } = setting;
  await writeFile(join(directory, 'pdns.conf'), configText(setting, apiPort, apiKey), { mode: 0o600 });
  await runProgram('sqlite3', [join(directory, 'pdns.sqlite3')], await databaseText(setting));
  return { command: 'pdns_server', args: [`--config-dir=${directory}`, '--config-name='] };
}

function configText({ directory, port }: Setting, apiPort: number, apiKey: string): string {
  return `
launch=gsqlite3
gsqlite3-database=${directory}/pdns.sqlite3
gsqlite3-pragma-synchronous=0
local-address=${LOOPBACK}
local-port=${port}
socket-dir=${directory}
daemon=no
guardian=no
api=yes
api-key=${apiKey}
webserver=yes
webserver-address=${LOOPBACK}
webserver-port=${apiPort}
webserver-allow-from=127.0.0.0/8
dnsupdate=yes
allow-dnsupdate-from=127.0.0.0/8
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
receiver-threads=1
distributor-threads=1
loglevel=5
`;
}

async function databaseText({ keys, zones }: Setting): Promise<string> {
  const rows = zones.flatMap((zone, index) => zoneRows(index + 1, zone, keys));
  return [
    'PRAGMA journal_mode=WAL;',
    'BEGIN;',
    await readFile(SCHEMA, 'utf8'),
    ...keys.map((key) => insert('tsigkeys(name,algorithm,secret)', [key.name, key.algorithm, key.secret])),
    ...rows,
    'COMMIT;',
  ].join('\n');
}

function zoneRows(id: number, zone: Required<TestZone>, keys: readonly TestKey[]): string[] {
  const { name } = zone;
  const allowed =
    zone.grants.length === 0 ? keys.map((key) => key.name) : zone.grants.map((grant) => grant.key);
  const metadata: [string, string][] = [...new Set(allowed)].map((key) => ['TSIG-ALLOW-DNSUPDATE', key]);
  metadata.push(['SOA-EDIT-DNSUPDATE', 'INCREASE']);
  return [
    insert('domains(id,name,type)', [id, name, 'NATIVE']),
    ...metadata.map(([kind, content]) =>
      insert('domainmetadata(domain_id,kind,content)', [id, kind, content]),
    ),
    recordRow(id, zone, `@ 60 IN SOA ns.${name} hostmaster.${name} 1 3600 600 86400 5`),
    recordRow(id, zone, `@ 60 IN NS ns.${name}`),
    recordRow(id, zone, 'ns 60 IN A 127.0.0.1'),
    ...zone.records.map((line) => recordRow(id, zone, line)),
  ];
}

/** One master-file line: NAME [TTL] [IN] TYPE RDATA; PowerDNS stores names without the last dot. */
function recordRow(id: number, zone: TestZone, line: string): string {
  const match = /^(\S+)\s+(?:(\d+)\s+)?(?:IN\s+)?([A-Z]+)\s+(.+)$/.exec(line);
  if (match === null) throw new Error(`not a record: ${line}`);
  const [, owner = '', ttl = '60', type = '', rdata = ''] = match;
  const relative = owner === '@' ? '' : owner;
  const name =
    relative === '' ? zone.name : relative.endsWith('.') ? relative.slice(0, -1) : `${relative}.${zone.name}`;
  const priority = type === 'SRV' || type === 'MX' ? Number(rdata.split(' ')[0]) : 0;
  const rest = type === 'SRV' || type === 'MX' ? rdata.slice(rdata.indexOf(' ') + 1) : rdata;
  const content = type === 'TXT' || rest === '.' || rest.endsWith(' .') ? rest : rest.replace(/\.$/, '');
  const order =
    name === zone.name
      ? ''
      : name
          .slice(0, -zone.name.length - 1)
          .split('.')
          .reverse()
          .join(' ');
  return insert('records(domain_id,name,type,content,ttl,prio,disabled,ordername,auth)', [
    id,
    name.toLowerCase(),
    type,
    content,
    Number(ttl),
    priority,
    0,
    order,
    1,
  ]);
}

function insert(table: string, values: readonly (string | number)[]): string {
  const texts = values.map((value) =>
    typeof value === 'number' ? `${value}` : `'${value.replaceAll("'", "''")}'`,
  );
  return `INSERT INTO ${table} VALUES(${texts.join(',')});`;
}
