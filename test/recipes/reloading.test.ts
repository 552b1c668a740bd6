/** The recipes of docs/reloading.md, as they stand there, with the real programs and our own writer and reloader. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
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
import type { RunningProcess } from '../support/process.ts';
import { CONFIG_FILE, PROXIES, startProxy } from '../support/proxies.ts';
import { selfSigned, simpleFacts } from '../support/self-signed.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { THIS_PROCESS } from '../support/this-process.ts';

const NAME = 'example.org';
const DOCUMENT = readFileSync(fileURLToPath(new URL('../../docs/reloading.md', import.meta.url)), 'utf8');
const DEADLINE_MS = 15_000;
const POLL_MS = 20;

describe('the recipe for', () => {
  const folder = temporaryFolder();
  const running: RunningProcess[] = [];
  afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

  for (const program of PROXIES)
    it(`${program.title} serves each new version after the reload, and not before`, async function () {
      if (!existsSync(program.binary)) this.skip();
      this.timeout(60_000);
      const port = await freePort();
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
      const server = await startProxy(program, local(fence(program.title, program.language)), folder());
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
