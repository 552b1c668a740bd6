import { lookAtServer } from '../check.ts';
import type { Pin } from '../check-names.ts';
import { parseEndpoint } from '../config/endpoint.ts';
import { DelegatedError } from '../errors.ts';
import { type CheckReport, checkReport } from '../federation/check-report.ts';
import { federationTesterReport } from '../federation/federation-tester.ts';
import type { ServerSight } from '../federation/sight.ts';
import { tapText } from '../federation/tap.ts';
import { createSystemClock } from '../io/clock.ts';
import { readCertificates } from '../io/certificates-file.ts';
import { createSystemDice } from '../io/dice.ts';
import { createDnsClient } from '../io/dns-client.ts';
import { createHttpsLooker } from '../io/https-looker.ts';
import { systemResolvers } from '../io/system-resolvers.ts';
import { parseServerName, type ServerName } from '../matrix/server-name.ts';
import { mapConcurrent } from '../pool.ts';
import type { Endpoint } from '../ports.ts';
import { type InstalledFlags, findInstalled } from './installed-certificate.ts';
import { renderCheck } from './render-check.ts';
import { createTools } from './session.ts';
import type { Shell } from './shell.ts';
import { paintFor } from './table.ts';

export interface CheckFlags extends InstalledFlags {
  readonly resolver?: string;
  /** `HOST:PORT:ADDRESS`, each. */
  readonly resolve?: readonly string[];
  readonly caFile?: string;
  readonly format?: 'text' | 'federation-tester' | 'tap';
}

interface Look {
  readonly sight: ServerSight;
  readonly report: CheckReport;
}

const DNS_PORT = 53;
const SERVERS_AT_ONCE = 8;
const BROKEN = 4;

/** What any federation peer sees of these servers. Needs no config; one that is there says what is on disk. */
export async function checkCommand(
  names: readonly string[],
  flags: CheckFlags,
  shell: Shell,
): Promise<number> {
  const serverNames = names.map(serverNameOf);
  const pins = (flags.resolve ?? []).map(pinOf);
  const resolvers = flags.resolver === undefined ? systemResolvers() : [resolverOf(flags.resolver)];
  const caCertificates =
    flags.caFile === undefined ? {} : { caCertificates: await readCertificates(flags.caFile) };
  const ports = {
    clock: createSystemClock(),
    dice: createSystemDice(),
    dns: createDnsClient(),
    https: createHttpsLooker({ userAgent: `matrix-delegated/${shell.version}`, ...caCertificates }),
    resolvers,
  };
  const options = { pins, lab: flags.resolver !== undefined || pins.length > 0 };
  const tools = createTools(flags, shell);
  const installedFor = await findInstalled(flags, shell, tools);
  const ctx = { signal: shell.signal, log: tools.log, changeId: 'check' };
  const looks = await mapConcurrent(serverNames, SERVERS_AT_ONCE, async (serverName) => {
    const installed = await installedFor(serverName.text);
    const sight = await lookAtServer(serverName, { ...options, installed }, ports, ctx);
    return { sight, report: checkReport(sight) };
  });
  print(looks, flags, shell);
  return looks.every(({ report }) => report.ok) ? 0 : BROKEN;
}

function print(looks: readonly Look[], flags: CheckFlags, shell: Shell): void {
  const reports = looks.map(({ report }) => report);
  if (flags.format === 'tap') return shell.out(tapText(reports));
  if (flags.format === 'federation-tester')
    return shell.out(
      documentText(
        looks.map(({ sight, report }) => federationTesterReport(sight, report)),
        reports,
      ),
    );
  if (flags.json === true) return shell.out(documentText(reports, reports));
  const loud = flags.quiet === true ? reports.filter(({ ok }) => !ok) : reports;
  return shell.out(
    loud.map((report) => renderCheck(report, paintFor(flags, shell), shell.columns ?? null)).join('\n'),
  );
}

/** One server is the document itself; several are a list in one. */
function documentText(servers: readonly object[], reports: readonly CheckReport[]): string {
  const ok = reports.every((report) => report.ok);
  const document = servers.length === 1 ? servers[0] : { version: 1, ok, servers };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function serverNameOf(text: string): ServerName {
  try {
    return parseServerName(text);
  } catch (cause) {
    throw usage(
      cause instanceof Error ? cause.message : `${text} is no server name`,
      'write it as in @user:SERVER_NAME',
    );
  }
}

function resolverOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text, DNS_PORT);
  if (endpoint !== null) return endpoint;
  throw usage(
    `--resolver ${text}: this is no address of a name server`,
    'write 192.0.2.53 or 127.0.0.1:5300',
  );
}

/** As curl has it, and with a port after the address where that differs: `example.org:443:127.0.0.1:8443`. */
function pinOf(text: string): Pin {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5}):(.+)$/.exec(text);
  const port = Number(match?.[3]);
  const to = match === null || port < 1 || port > 65_535 ? null : parseEndpoint(match[4] ?? '', port);
  const host = match?.[1] ?? match?.[2] ?? '';
  if (to !== null) return { host: host.toLowerCase().replace(/\.$/, ''), port, to };
  throw usage(`--resolve ${text}: this is not HOST:PORT:ADDRESS`, 'write it as example.org:8448:127.0.0.1');
}

function usage(message: string, hint: string): DelegatedError {
  return new DelegatedError('E_USAGE', message, { hint });
}
