import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { PROXIES, type Proxy, proxyConfig } from '../../src/matrix/well-known-proxies.ts';
import { WELL_KNOWN_FOLDER, type WellKnownFiles, wellKnownText } from '../../src/matrix/well-known.ts';
import { freePort } from '../support/free-port.ts';
import { type RunningProcess, startProcess } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NAME = 'example.test';
/** Everything that a configuration language may take for its own. */
const AWKWARD = { 'it\'s "quoted" \\ $host ${x} {http.host} %[src] `x` # ; é €': 'a\nb\t\u0001 😀' };
const FILES: WellKnownFiles = new Map<'server' | 'client' | 'support', Readonly<Record<string, unknown>>>([
  ['server', { 'm.server': 'c1.hoster.test' }],
  ['client', { 'm.homeserver': { base_url: 'https://matrix.example.test/' }, ...AWKWARD }],
]);

const printed = (proxy: Proxy, root: string): string =>
  proxyConfig(proxy, { serverName: NAME, files: FILES, root, upstream: 'http://127.0.0.1:8089' });
const indented = (text: string): string => text.replace(/^/gm, '    ');

interface Start {
  readonly command: string;
  readonly args: (folder: string) => readonly string[];
  /** The configuration file around what we print. */
  readonly config: (port: number, folder: string, text: string) => string;
}

const SERVERS: Readonly<Record<'nginx' | 'apache' | 'haproxy' | 'caddy', Start>> = {
  nginx: {
    command: 'nginx',
    args: (folder) => ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'config')],
    config: (port, folder, text) => `daemon off;
pid ${folder}/pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server {
    listen 127.0.0.1:${port};
    server_name ${NAME};
${indented(text)}
  }
}
`,
  },
  apache: {
    command: 'apache2',
    args: (folder) => ['-X', '-d', folder, '-f', join(folder, 'config')],
    config: (port, folder, text) => `ServerName ${NAME}
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
${['mpm_event', 'authz_core', 'alias', 'headers', 'mime']
  .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  .join('\n')}
TypesConfig /dev/null
${text}
`,
  },
  haproxy: {
    command: 'haproxy',
    args: (folder) => ['-db', '-f', join(folder, 'config')],
    config: (port, _folder, text) => `defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:${port}
${indented(text)}
`,
  },
  caddy: {
    command: 'caddy',
    args: (folder) => ['run', '--adapter', 'caddyfile', '--config', join(folder, 'config')],
    config: (port, _folder, text) => `{
    admin off
    auto_https off
}
http://${NAME}:${port} {
    bind 127.0.0.1
${indented(text)}
}
`,
  },
};

describe('the configuration of a proxy', () => {
  const folder = temporaryFolder();
  let running: RunningProcess | undefined;
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  for (const [proxy, server] of Object.entries(SERVERS))
    it(`for ${proxy} is one that ${proxy} serves the files by`, async function () {
      this.timeout(30_000);
      assert.ok(proxy === 'nginx' || proxy === 'apache' || proxy === 'haproxy' || proxy === 'caddy');
      const port = await freePort();
      const root = join(folder(), 'www');
      await mkdir(join(root, WELL_KNOWN_FOLDER), { recursive: true });
      for (const [name, content] of FILES)
        await writeFile(join(root, WELL_KNOWN_FOLDER, name), wellKnownText(content));
      await writeFile(join(folder(), 'config'), server.config(port, folder(), printed(proxy, root)));
      running = await startProcess(server.command, server.args(folder()), {
        log: join(folder(), 'log'),
        cwd: folder(),
        env: { HOME: folder(), XDG_DATA_HOME: folder(), XDG_CONFIG_HOME: folder() },
      });
      const ask = (name: string): Promise<Answer> => askUntilReady(port, name, running);
      for (const [name, content] of FILES) {
        const answer = await ask(name);
        assert.equal(answer.status, 200, name);
        assert.equal(answer.headers['content-type'], 'application/json');
        assert.equal(answer.headers['access-control-allow-origin'], '*');
        assert.match(answer.headers['cache-control'] ?? '', /max-age=/);
        assert.deepEqual(JSON.parse(answer.body), content);
      }
      assert.equal((await ask('support')).status, 404);
    });

  it('for Traefik is YAML that leads to the daemon', () => {
    const {
      http,
    }: { http: { routers: Record<string, { rule: string; service: string }>; services: unknown } } = parse(
      printed('traefik', '/var/www'),
    );
    const [router] = Object.values(http.routers);
    assert.equal(router?.rule, 'Host(`example.test`) && PathPrefix(`/.well-known/matrix/`)');
    assert.deepEqual(http.services, {
      [router.service]: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:8089' }] } },
    });
  });

  it('for Synapse is YAML that says what Synapse can say', () => {
    assert.deepEqual(parse(printed('synapse', '/var/www')), {
      serve_server_wellknown: false,
      public_baseurl: 'https://matrix.example.test/',
      extra_well_known_client_content: AWKWARD,
    });
    const own = proxyConfig('synapse', {
      serverName: NAME,
      files: new Map([['server', { 'm.server': `${NAME}:443` }]]),
      root: '/var/www',
      upstream: 'http://127.0.0.1:8089',
    });
    assert.deepEqual(parse(own), { serve_server_wellknown: true });
  });

  it('is there for every program that is promised', () => {
    for (const proxy of PROXIES) assert.match(printed(proxy, '/var/www'), /^# /);
  });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const POLL_MS = 20;

/** By the connection, not by the clock: it is refused until the program listens. */
async function askUntilReady(
  port: number,
  name: string,
  running: RunningProcess | undefined,
): Promise<Answer> {
  const deadline = performance.now() + 10_000;
  for (;;)
    try {
      return await request(port, name);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await Promise.race([delay(POLL_MS), running?.died]);
    }
}

async function request(port: number, name: string): Promise<Answer> {
  // fetch sets the Host header itself.
  const sent = get({
    port,
    host: '127.0.0.1',
    path: `/${WELL_KNOWN_FOLDER}/${name}`,
    headers: { host: NAME },
    agent: false,
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}
