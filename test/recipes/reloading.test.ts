/** The recipes of docs/reloading.md, as they stand there, with the real programs and our own writer and reloader. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { buildConfig } from '../../src/config/build-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import { createOutputWriter } from '../../src/io/output-writer.ts';
import { createReloader } from '../../src/io/reloader.ts';
import { createTlsProbe } from '../../src/io/tls-probe.ts';
import type { OutputTarget, ReloadAction, StoredVersion } from '../../src/ports.ts';
import { freePort } from '../support/free-port.ts';
import { type RunningProcess, startProcess } from '../support/process.ts';
import { selfSigned, simpleFacts } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { THIS_PROCESS } from '../support/this-process.ts';

const NAME = 'example.org';
const DOCUMENT = readFileSync(fileURLToPath(new URL('../../docs/reloading.md', import.meta.url)), 'utf8');
/** Caddy knows the format of its config by the name of the file; the others do not mind. */
const CONFIG_FILE = 'Caddyfile';
const DEADLINE_MS = 15_000;
const POLL_MS = 20;

interface Program {
  readonly title: string;
  readonly language: string;
  readonly binary: string;
  /** The whole config around what the recipe shows. */
  readonly config: (recipe: string, folder: string, adminPort: number) => string;
  readonly args: (configFile: string, folder: string) => readonly string[];
}

const MODULES = '/usr/lib/apache2/modules';

const PROGRAMS: readonly Program[] = [
  {
    title: 'nginx',
    language: 'nginx',
    binary: '/usr/sbin/nginx',
    config: (recipe, folder) =>
      `daemon off; user root; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
${recipe} }`,
    args: (file) => ['-c', file],
  },
  {
    title: 'HAProxy',
    language: 'haproxy',
    binary: '/usr/sbin/haproxy',
    config: (recipe) => `defaults\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n${recipe}`,
    args: (file, folder) => ['-W', '-f', file, '-p', `${folder}/pid`],
  },
  {
    title: 'Apache',
    language: 'apache',
    binary: '/usr/sbin/apache2',
    config: (recipe, folder) =>
      [
        ...['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'proxy', 'proxy_http'].map(
          (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`,
        ),
        `ServerRoot ${folder}`,
        `DefaultRuntimeDir ${folder}`,
        `PidFile ${folder}/pid`,
        `ErrorLog ${folder}/error.log`,
        `ServerName ${NAME}`,
        'User nobody',
        'Group nogroup',
        recipe,
      ].join('\n'),
    args: (file) => ['-DFOREGROUND', '-f', file],
  },
  {
    title: 'Caddy',
    language: 'caddy',
    binary: '/usr/bin/caddy',
    config: (recipe, folder, adminPort) =>
      `{\n admin 127.0.0.1:${adminPort}\n auto_https disable_redirects\n skip_install_trust\n storage file_system ${folder}/caddy\n}\n${recipe}`,
    args: (file) => ['run', '--config', file],
  },
];

describe('the recipe for', () => {
  const folder = temporaryFolder();
  const running: RunningProcess[] = [];
  afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

  for (const program of PROGRAMS)
    it(`${program.title} serves each new version after the reload, and not before`, async function () {
      if (!existsSync(program.binary)) this.skip();
      this.timeout(60_000);
      const [port, adminPort] = [await freePort(), await freePort()];
      const local = (text: string): string =>
        text
          .replaceAll('/etc/delegated/tls', join(folder(), 'tls'))
          .replaceAll(/\/run\/[\w/]+\.pid/g, join(folder(), 'pid'))
          .replaceAll('/etc/caddy/Caddyfile', join(folder(), CONFIG_FILE))
          .replaceAll('8448', `${port}`)
          .replace('group: caddy', "group: '0'");
      const { output, reload } = settings(local(fence(program.title, 'yaml')));
      const writer = createOutputWriter();
      const reloader = createReloader({ kill: THIS_PROCESS.kill, environment: { PATH: '/usr/bin:/bin' } });
      const [first, second, third] = [await fresh(1), await fresh(2), await fresh(3)];
      await writer.write(output, first);
      const file = join(folder(), CONFIG_FILE);
      await mkdir(join(folder(), 'caddy'));
      await writeFile(
        file,
        program.config(local(fence(program.title, program.language)), folder(), adminPort),
      );
      const server = await startProcess(program.binary, program.args(file, folder()), {
        log: join(folder(), 'log'),
        cwd: folder(),
        env: { HOME: folder() },
      });
      running.push(server);
      const shows = (version: StoredVersion) => Promise.race([server.died, served(port, version)]);

      await shows(first);
      for (const [old, next] of [
        [first, second],
        [second, third],
      ] as const) {
        await writer.write(output, next);
        // Asked until it is so: a worker of nginx that is on its way out may still answer once.
        await shows(old);
        await reloader.reload(reload, CTX);
        await shows(next);
      }
    });
});

const CTX = {
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {}, error() {} },
};

async function fresh(number: number): Promise<StoredVersion> {
  const material = await selfSigned(NAME);
  const id = `20261124T00000000${number}Z-recipe`;
  return { id, directory: '', material, facts: simpleFacts(material.fullchain) };
}

function leaf(port: number): Promise<string> {
  return createTlsProbe().servedLeaf({ address: '127.0.0.1', port }, parseDomainName(NAME), CTX);
}

/** Asks until it is so. */
async function served(port: number, version: StoredVersion): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const seen = await leaf(port).catch((error: unknown) => String(error));
    if (seen === version.facts.sha256) return;
    if (Date.now() > end) assert.fail(`not version ${version.id}, but ${seen}`);
    await delay(POLL_MS);
  }
}

/** The first block of that language below that heading. */
function fence(title: string, language: string): string {
  const section = DOCUMENT.split(`\n### ${title}\n`)[1]?.split('\n### ')[0] ?? '';
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1];
  assert.ok(found !== undefined, `docs/reloading.md shows no ${language} for ${title}`);
  return found;
}

/** As the program would read them in the config. */
function settings(yaml: string): { readonly output: OutputTarget; readonly reload: ReloadAction } {
  const certificate: unknown = parse(yaml);
  const raw = configSchema.parse({
    version: 1,
    acme: { termsOfServiceAgreed: true },
    providers: { main: { type: 'manual' } },
    sites: { [NAME]: { provider: 'main', srv: [{ target: `matrix.${NAME}` }], certificate } },
  });
  const built = buildConfig(raw, '/config.yaml', undefined, new Map()).sites[0]?.certificate;
  const [output] = built?.outputs ?? [];
  assert.ok(output !== undefined && built?.reload != null);
  return { output, reload: built.reload };
}
