import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { BACKOFF, DelegatedError } from '../errors.ts';
import { WELL_KNOWN_HEADERS } from '../matrix/well-known-headers.ts';
import { WELL_KNOWN_FOLDER, type WellKnownFiles, wellKnownText } from '../matrix/well-known.ts';
import type { Endpoint, Log } from '../ports.ts';
import { errnoOf } from './file-error.ts';

export interface WellKnownServer {
  /**
   * Serves these files at these addresses from now on, in the place of what it served before.
   * @param files by server name, as it stands in the Host header: lower case, without a port
   * @throws DelegatedError E_OUTPUT when an address cannot be had; the others are served all the same
   */
  serve(addresses: readonly Endpoint[], files: ReadonlyMap<string, WellKnownFiles>): Promise<void>;
  close(): Promise<void>;
}

const MAX_HEADER_OCTETS = 8_192;
const REQUEST_MS = 10_000;

/** Plain HTTP for a proxy that holds the certificate of port 443. What is not there is answered at once. */
export function createWellKnownServer(log: Log): WellKnownServer {
  let answers: ReadonlyMap<string, string> = new Map();
  const servers = new Map<string, Server>();

  const listen = async ({ address, port }: Endpoint): Promise<Server> => {
    const server = createServer(
      { maxHeaderSize: MAX_HEADER_OCTETS, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
      (request, response) => {
        answer(request, response, answers);
      },
    );
    server.listen(port, address);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw new DelegatedError(
        'E_OUTPUT',
        `the well-known files cannot be served at ${address}:${port} (${errnoOf(error) ?? 'no reason given'})`,
        { hint: 'choose another address in `wellKnown.listen`, or stop what listens there', retry: BACKOFF },
      );
    }
    log.info('the well-known files are served', { address, port });
    return server;
  };

  return {
    async serve(addresses, files) {
      answers = new Map(
        [...files].flatMap(([host, each]) =>
          [...each].map(([name, content]): [string, string] => [
            `${host}/${WELL_KNOWN_FOLDER}/${name}`,
            wellKnownText(content),
          ]),
        ),
      );
      const wanted = new Map(addresses.map((each) => [`${each.address} ${each.port}`, each]));
      for (const [key, server] of servers)
        if (!wanted.has(key)) {
          servers.delete(key);
          await stop(server);
        }
      for (const [key, address] of wanted) if (!servers.has(key)) servers.set(key, await listen(address));
    },
    async close() {
      const open = [...servers.values()];
      servers.clear();
      await Promise.all(open.map(stop));
    },
  };
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  answers: ReadonlyMap<string, string>,
): void {
  const { method = 'GET', url = '/', headers } = request;
  const host = (headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
  const [path = '/'] = url.split('?');
  const body = answers.get(`${host}${path}`);
  request.resume();
  if (body === undefined) return void response.writeHead(404, WELL_KNOWN_HEADERS).end();
  if (method === 'OPTIONS') return void response.writeHead(204, WELL_KNOWN_HEADERS).end();
  if (method !== 'GET' && method !== 'HEAD')
    return void response.writeHead(405, { ...WELL_KNOWN_HEADERS, Allow: 'GET, HEAD, OPTIONS' }).end();
  response.writeHead(200, {
    ...WELL_KNOWN_HEADERS,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(method === 'HEAD' ? undefined : body);
}
