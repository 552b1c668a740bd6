/** One server of the federation with everything as it should be, in which a test breaks what it is about. */
import type { CheckOptions } from '../../src/check.ts';
import type { Pin } from '../../src/check-names.ts';
import type { CheckReport } from '../../src/federation/check-report.ts';
import {
  type Credentials,
  type Federation,
  type Handler,
  NAME,
  type Row,
  TARGET,
  type Zone,
  certificateFor,
  homeserver,
  json,
} from './federation.ts';
import { freePort } from './free-port.ts';

export const FED = `_matrix-fed._tcp.${NAME}`;
export const LEGACY = `_matrix._tcp.${NAME}`;
export const WELL_KNOWN = `https://${NAME}/.well-known/matrix/server`;
export const [GOOD, GOOD_TARGET] = [certificateFor([NAME]), certificateFor([TARGET])];

/** A test says what is different. */
export interface Setting {
  /** What stands in the zone besides addresses; gets the port of the homeserver. */
  readonly records?: (port: number) => readonly Row[];
  readonly says?: Zone['says'];
  /** Of every record. Seconds. */
  readonly ttl?: number;
  /** Port 443 of the server name; gets the port of the homeserver. Null: closed. */
  readonly web?: ((port: number) => Handler) | null;
  readonly webCertificate?: Credentials;
  readonly certificate?: Parameters<Federation['serve']>[0];
  readonly homeserver?: Handler;
  /** What port 443 of the server name serves to clients. */
  readonly client?: Handler;
  /** What /_matrix/client/versions answers, below the base_url. */
  readonly api?: Handler;
  /** Where the homeserver listens; 127.0.0.1 where nothing is said. */
  readonly address?: string;
  /** Connect there instead. */
  readonly port?: number;
  /** Port 443 is there instead. */
  readonly webPort?: number;
  readonly name?: string;
  readonly lab?: boolean;
  readonly installed?: CheckOptions['installed'];
  /** Go before those of ports 443 and 8448 of the server name; gets the ports of the homeserver and of the web server. */
  readonly pins?: (port: number, webPort: number) => readonly Pin[];
}

export const notFound: Handler = json(404, { errcode: 'M_NOT_FOUND' });
export const delegating = (server: string, headers: Readonly<Record<string, string>> = {}): Handler =>
  json(200, { 'm.server': server }, headers);
export const CORS = { 'access-control-allow-origin': '*' };
export const clientFile = (baseUrl = `https://${NAME}/hs/`): Handler =>
  json(200, { 'm.homeserver': { base_url: baseUrl } }, CORS);
/** As the specification has them (client-server API § "Web Browser Clients"). */
export const API_CORS = {
  ...CORS,
  'access-control-allow-headers': 'X-Requested-With, Content-Type, Authorization',
};
export const VERSIONS = { versions: ['v1.11'] };
export const versions = json(200, VERSIONS, API_CORS);

/** A web server, with the files of clients and a homeserver for them beside what it serves to peers. */
export function site(peers: Handler, client = clientFile(), api = versions): Handler {
  return (request, response) => {
    const { url = '' } = request;
    if (url.startsWith('/.well-known/matrix/client')) client(request, response);
    else if (url === '/hs/_matrix/client/versions') api(request, response);
    else peers(request, response);
  };
}

export function srv(port: number, target = TARGET): Row {
  return [FED, 'SRV', `10 5 ${port} ${target}`];
}

export function redirect(to: string, status = 301): Handler {
  return json(status, '', { location: to });
}

export async function checkWorld(lab: Federation, setting: Setting): Promise<CheckReport> {
  const { certificate = GOOD, webCertificate = GOOD, web = () => notFound } = setting;
  const port =
    setting.port ?? (await lab.serve(certificate, setting.homeserver ?? homeserver(), setting.address));
  const open = async (handler: Handler): Promise<number> =>
    setting.webPort ?? lab.serve(webCertificate, site(handler, setting.client, setting.api));
  const webPort = web === null ? await freePort() : await open(web(port));
  const dns = await lab.dns({
    rows: [
      [NAME, 'A', '127.0.0.1'],
      [TARGET, 'A', '127.0.0.1'],
      ...(setting.records ?? ((at) => [srv(at)]))(port),
    ],
    ...(setting.says === undefined ? {} : { says: setting.says }),
    ...(setting.ttl === undefined ? {} : { ttl: setting.ttl }),
  });
  const web443 = { host: NAME, port: 443, to: { address: '127.0.0.1', port: webPort } };
  const std8448 = { host: NAME, port: 8448, to: { address: '127.0.0.1', port } };
  return lab.check(dns, {
    pins: [...(setting.pins?.(port, webPort) ?? []), web443, std8448],
    deadlines: { probe: 400, wellKnown: 400 },
    ...(setting.name === undefined ? {} : { name: setting.name.replace('PORT', `${port}`) }),
    ...(setting.lab === undefined ? {} : { lab: setting.lab }),
    ...(setting.installed === undefined ? {} : { installed: setting.installed }),
  });
}

/** The pin of a web server that serves the files of clients, and nothing to peers. */
export async function clientWeb(lab: Federation): Promise<Pin> {
  return { host: NAME, port: 443, to: { address: '127.0.0.1', port: await lab.serve(GOOD, site(notFound)) } };
}

export function codes({ findings }: CheckReport): string[] {
  return findings.map(({ code }) => code);
}
