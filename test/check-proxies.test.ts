/** Pitfalls that are the doing of a proxy, with the real ones: what they do is theirs to say. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FindingCode } from '../src/federation/finding.ts';
import { checkWorld, codes } from './support/check-world.ts';
import { INTERMEDIATE, NAME, TARGET, federation, homeserver } from './support/federation.ts';
import { freePort } from './support/free-port.ts';
import { PROXIES, startProxy } from './support/proxies.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { makeCertificate } from './support/x509-maker.ts';

/** What the config of a proxy is about. */
interface Place {
  readonly port: number;
  /** The plain HTTP of the homeserver behind it. */
  readonly behind: number;
  /** PEM: chain and key in one. */
  readonly combined: string;
}

interface Pitfall {
  readonly proxy: string;
  readonly title: string;
  readonly found: readonly FindingCode[];
  readonly config: (place: Place, repaired: boolean) => string;
  readonly names?: (repaired: boolean) => readonly string[];
}

const DEADLINE_MS = 10_000;
const POLL_MS = 20;
const BOTH = [NAME, TARGET];

const nginx = (place: Place, servers: readonly (readonly [name: string, body: string])[]): string =>
  servers
    .map(
      ([name, body], index) =>
        `server { listen 127.0.0.1:${place.port} ssl${index === 0 ? ' default_server' : ''}; server_name ${name};
ssl_certificate ${place.combined}; ssl_certificate_key ${place.combined}; ${body} }`,
    )
    .join('\n');

const PITFALLS: readonly Pitfall[] = [
  {
    proxy: 'nginx',
    title: 'a route for the SRV target alone',
    found: ['KEYS_STATUS'],
    config: (place, repaired) =>
      nginx(place, [
        ['_', 'return 404;'],
        [repaired ? NAME : TARGET, `location / { proxy_pass http://127.0.0.1:${place.behind}; }`],
      ]),
  },
  {
    proxy: 'nginx',
    title: 'hanging up on names that it does not know',
    found: ['HTTP_FAILED'],
    config: (place, repaired) =>
      nginx(place, [
        ['_', 'return 444;'],
        [repaired ? NAME : TARGET, `location / { proxy_pass http://127.0.0.1:${place.behind}; }`],
      ]),
  },
  {
    proxy: 'nginx',
    title: 'a slash after the port in proxy_pass',
    found: ['PATH_DECODED'],
    config: (place, repaired) =>
      nginx(place, [
        [NAME, `location / { proxy_pass http://127.0.0.1:${place.behind}${repaired ? '' : '/'}; }`],
      ]),
  },
  {
    proxy: 'Apache',
    title: 'ProxyPass without nocanon',
    found: ['PATH_DECODED'],
    config: ({ port, behind, combined }, repaired) => `Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
SSLEngine on
SSLCertificateFile ${combined}
AllowEncodedSlashes NoDecode
ProxyPass / http://127.0.0.1:${behind}/${repaired ? ' nocanon' : ''}
</VirtualHost>`,
  },
  {
    proxy: 'HAProxy',
    title: 'strict-sni and a certificate for the SRV target alone',
    found: ['TLS_NAME_REFUSED'],
    names: (repaired) => (repaired ? BOTH : [TARGET]),
    config: ({ port, behind, combined }) => `frontend federation
 mode http
 bind 127.0.0.1:${port} ssl crt ${combined} strict-sni
 default_backend homeserver
backend homeserver
 mode http
 server homeserver 127.0.0.1:${behind}
`,
  },
  {
    proxy: 'Caddy',
    title: 'a site for the SRV target alone',
    // It answers 200 with nothing for a Host that it has no site for.
    found: ['KEYS_NOT_JSON'],
    config: ({ port, behind, combined }, repaired) => `https://${repaired ? NAME : TARGET}:${port} {
 bind 127.0.0.1
 tls ${combined} ${combined}
 reverse_proxy 127.0.0.1:${behind}
}`,
  },
];

describe('a look from outside at a proxy that is', function () {
  this.timeout(30_000);
  const lab = federation();
  const folder = temporaryFolder();
  const running: { stop(): Promise<void> }[] = [];
  afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

  for (const { proxy: name, title, found, config, names = () => BOTH } of PITFALLS)
    it(`${name}, with ${title}, finds ${found.join(', ')}, and nothing once it is repaired`, async function () {
      const proxy = PROXIES.find((each) => each.title === name);
      assert.ok(proxy);
      if (!existsSync(proxy.binary)) this.skip();
      const behind = await lab.listen(createServer(homeserver()));
      const results: string[][] = [];
      for (const repaired of [false, true]) {
        const combined = join(folder(), `${repaired}.pem`);
        writeFileSync(combined, combinedFor(names(repaired)));
        const port = await freePort();
        const started = await startProxy(proxy, config({ port, behind, combined }, repaired), folder());
        running.push(started);
        await Promise.race([started.died, listens(port)]);
        results.push(codes(await checkWorld(lab, { port })));
        await Promise.all(running.splice(0).map((each) => each.stop()));
      }
      assert.deepEqual(results, [found, []]);
    });
});

/** Chain and key in one. HAProxy goes by the common name as well. */
function combinedFor(names: readonly string[]): string {
  const { pem, privateKey } = makeCertificate({ subject: names[0] ?? '', names, issuer: INTERMEDIATE });
  return pem + INTERMEDIATE.pem + privateKey;
}

/** Asks until somebody takes the connection. */
async function listens(port: number): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port });
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(POLL_MS);
    } finally {
      socket.destroy();
    }
  }
}
