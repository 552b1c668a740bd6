/** What the recipes of docs/recipes.md need around them: their config with our ports in it, a front end, a web server. */
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:https';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type Lab, type LabOptions, type Outcome, startLab } from '../e2e/lab.ts';
import { freePort } from './free-port.ts';
import {
  type Federation,
  type Handler,
  ROOT_CA,
  certificateFor,
  homeserver,
  json,
  serverKeys,
} from './federation.ts';

const EXAMPLES = fileURLToPath(new URL('../../deploy/examples/', import.meta.url));
/** What stands in the examples and in the document in the place of what differs from run to run. */
const [PORT, ADDRESS, WEB] = [8448, '203.0.113.5', '203.0.113.80'] as const;
const [EXPIRY, SOFTWARE] = ['2027-02-23', 'Synapse 1.94.0'] as const;

export interface RecipeLab extends Lab {
  /** Of federation. */
  readonly port: number;
  /** Where `wellKnown.write` goes. */
  readonly webRoot: string;
  /** A text of the document or of an example, with our port and our paths in it. */
  local(text: string): string;
  /** Writes the config of this example. */
  use(example: string, change?: Change): Promise<void>;
  /** The same with the text of a config. */
  useText(text: string, change?: Change): Promise<void>;
  /**
   * `delegated check`, as it prints on a terminal, in the words of the document.
   * @param web the port of the web server of the server name; a CA besides Pebble in `root`
   * @param servers ports of name servers that are not the lab's, by their names
   */
  check(
    serverName: string,
    web: number,
    root?: string,
    servers?: Readonly<Record<string, number>>,
  ): Promise<Outcome>;
  /** Every version of every certificate that the installation has. */
  versions(): readonly string[];
}

export interface Web {
  readonly port: number;
  stop(): Promise<void>;
}

/** Has the last word on what the example says. */
export interface Change {
  readonly local?: (text: string) => string;
  readonly acme?: object;
  readonly providers?: Providers;
  /** Of each site that has one. */
  readonly certificate?: object;
}

export type Providers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type Zones = NonNullable<LabOptions['zones']>;
/** What the front end has behind it: by the name in the Host header, the `server_name`. */
export type Homes = Readonly<Record<string, string>>;

/** @param homes null: nothing listens on the port yet */
export async function startRecipeLab(
  peers: Federation,
  homes: Homes | null,
  zones: Zones,
  delegated: NonNullable<LabOptions['delegated']> = {},
): Promise<RecipeLab> {
  const lab = await startLab({ zones, recursion: true, delegated });
  const tls = join(lab.directory, 'tls');
  const reloadFile = join(lab.directory, 'reload');
  const webRoot = join(lab.directory, 'www');
  await mkdir(webRoot);
  const port = homes === null ? await freePort() : await peers.listen(frontEnd(tls, reloadFile, homes));
  const local = (text: string): string =>
    text
      .replaceAll(`${PORT}`, `${port}`)
      .replaceAll('/etc/matrix-synapse/tls', tls)
      .replaceAll('/run/delegated/reload-synapse', reloadFile)
      .replaceAll('/var/www/html', webRoot)
      .replaceAll('group: matrix-synapse', `group: '${process.getgid?.() ?? 0}'`);
  const useText: RecipeLab['useText'] = async (text, change = {}) => {
    const { acme, providers, sites }: Example = parse((change.local ?? local)(text));
    const ca = { ca: lab.pebble.directoryUrl, caCertificates: lab.pebble.caFile };
    const reached = Object.entries(providers).map(([name, settings]) => [
      name,
      {
        ...settings,
        ...(settings['type'] === 'rfc2136' ? lab.provider : {}),
        nameServers: lab.provider['nameServers'],
        ...change.providers?.[name],
      },
    ]);
    const changed = Object.entries(sites).map(([name, site]) => {
      const { certificate } = site;
      const whole = typeof certificate === 'object' ? { ...certificate, ...change.certificate } : certificate;
      return [name, { ...site, certificate: whole }];
    });
    await lab.configure(Object.fromEntries(changed), {
      acme: { ...acme, ...ca, ...change.acme },
      providers: Object.fromEntries(reached),
    });
  };
  return {
    ...lab,
    port,
    webRoot,
    local,
    versions() {
      const root = join(lab.state, 'certificates');
      return readdirSync(root).flatMap((site) => readdirSync(join(root, site, 'versions')));
    },
    use: (example, change) => useText(readFileSync(join(EXAMPLES, example), 'utf8'), change),
    useText,
    async check(serverName, web, root, servers = {}) {
      const caFile = join(lab.directory, 'roots.pem');
      await writeFile(caFile, ROOT_CA.pem + (root ?? (await lab.pebble.root())));
      const { stdout, ...rest } = await lab.run([
        'check',
        serverName,
        `--ca-file=${caFile}`,
        `--resolver=127.0.0.1:${lab.dns.port}`,
        `--resolve=${serverName}:443:127.0.0.1:${web}`,
        ...zones.map((zone) => {
          const name = typeof zone === 'string' ? zone : zone.name;
          return `--resolve=ns.${name}:53:127.0.0.1:${lab.dns.port}`;
        }),
        ...Object.entries(servers).map(([name, at]) => `--resolve=${name}:53:127.0.0.1:${at}`),
      ]);
      return { ...rest, stdout: documented(stdout, web) };
    },
  };
}

/** As the document has it: with the ports, the address, the date and the order of names of a real server. */
function documented(text: string, web: number): string {
  return text
    .replaceAll(`127.0.0.1:${web}`, `${WEB}:443`)
    .replaceAll(/(?<=port |:|SRV \d+ \d+ )\d{4,5}\b/g, `${PORT}`)
    .replaceAll('127.0.0.1', ADDRESS)
    .replaceAll('Lab 1.2', SOFTWARE)
    .replaceAll(/until \d{4}-\d\d-\d\d/g, `until ${EXPIRY}`)
    .replaceAll(/(?<=certificate for )\S+(?:, \S+)+(?= until)/g, (names) =>
      names.split(', ').sort().join(', '),
    );
}

interface Example {
  readonly acme: object;
  readonly providers: Providers;
  readonly sites: Readonly<Record<string, { readonly certificate: object | 'none' }>>;
}

/** A web server for these names, which answers 404 for what `answer` has not. */
export async function startWeb(
  peers: Federation,
  names: readonly string[],
  answer: (host: string, path: string) => string | null = () => null,
): Promise<Web> {
  const server = createServer(certificateFor(names), (request, response) => {
    const text = answer(hostOf(request.headers.host), request.url ?? '');
    json(text === null ? 404 : 200, text ?? {})(request, response);
  });
  return {
    port: await peers.listen(server),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/**
 * TLS in front of homeservers. It reads its files when the file is there that asks for a reload, as the path unit of
 * `deploy/systemd` does it, and not before; without that, there is no certificate for anybody.
 */
function frontEnd(tls: string, reloadFile: string, homes: Homes): Server {
  let loaded: SecureContext | undefined;
  const behind = new Map<string, Handler>(
    Object.entries(homes).map(([host, serverName]) => [
      host,
      homeserver(json(200, serverKeys({ server_name: serverName }))),
    ]),
  );
  const nobody = json(404, { errcode: 'M_UNRECOGNIZED' });
  return createServer(
    {
      SNICallback(_name, done) {
        if (existsSync(reloadFile)) {
          rmSync(reloadFile);
          loaded = createSecureContext({
            key: readFileSync(join(tls, 'privkey.pem')),
            cert: readFileSync(join(tls, 'fullchain.pem')),
          });
        }
        done(null, loaded);
      },
    },
    (request, response) => {
      (behind.get(hostOf(request.headers.host)) ?? nobody)(request, response);
    },
  );
}

function hostOf(header = ''): string {
  return header.replace(/:\d+$/, '');
}
