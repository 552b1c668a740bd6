/** The example of a third party’s package, packed, installed and run as its users would. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer } from 'dns-packet';
import * as z from 'zod';
import { type DnsStub, type StubHandler, startDnsStub } from '../support/dns-stub.ts';
import { type Outcome, PROGRAM, finish } from './lab.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = join(ROOT, 'deploy', 'examples', 'provider-package');
const NAME = 'example.test';
const SRV = `_matrix-fed._tcp.${NAME}.`;
const ZONES = {
  [`${NAME}.`]: [
    { name: `matrix.${NAME}.`, type: 'A', ttl: 300, address: '192.0.2.7' },
    { name: `${NAME}.`, type: 'TXT', ttl: 300, value: 'v=spf1 -all' },
  ],
};

const zonesInFile = z.record(
  z.string(),
  z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      ttl: z.int(),
      value: z.string().exactOptional(),
      address: z.string().exactOptional(),
    }),
  ),
);
type FileRecord = z.output<typeof zonesInFile>[string][number];

describe('a provider in a package of its own', () => {
  let folder: string;
  let dns: DnsStub;

  before(async function () {
    this.timeout(60_000);
    folder = await mkdtemp(join(tmpdir(), 'delegated-package-'));
    const packed = await npm(['pack', '--silent', '--pack-destination', folder], PACKAGE);
    const tarball = join(folder, packed.stdout.trim());
    const installed = await npm(['install', '--offline', '--no-audit', '--no-fund', tarball], folder);
    assert.equal(installed.code, 0, installed.stderr);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    await writeFile(join(folder, 'zones.json'), JSON.stringify(ZONES));
    dns = await startDnsStub(publisher(join(folder, 'zones.json')));
  });
  afterEach(() => dns.stop());

  async function npm(args: readonly string[], cwd: string): Promise<Outcome> {
    const env = {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: folder,
      npm_config_cache: join(folder, 'cache'),
      npm_config_update_notifier: 'false',
    };
    return finish(spawn('npm', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const config = ['-c', join(folder, 'config.yaml')];
    return finish(
      spawn(process.execPath, [PROGRAM, ...config, ...args], {
        cwd: '/',
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  async function configure(provider: Readonly<Record<string, unknown>>): Promise<void> {
    const { address, port } = dns.endpoint;
    const server = `${address}:${port}`;
    const config = {
      version: 1,
      state: join(folder, 'state'),
      resolvers: [server],
      propagation: { timeout: 10 },
      providers: { main: { type: 'pkg:delegated-provider-zonefile', nameServers: [server], ...provider } },
      sites: { [NAME]: { provider: 'main', srv: [{ target: `matrix.${NAME}` }] } },
    };
    await writeFile(join(folder, 'config.yaml'), JSON.stringify(config, null, 2));
  }

  const records = async (): Promise<readonly FileRecord[]> =>
    zonesInFile.parse(JSON.parse(await readFile(join(folder, 'zones.json'), 'utf8')))[`${NAME}.`] ?? [];

  it('is found beside the config, reads, writes, and finds its work done', async function () {
    this.timeout(60_000);
    await configure({ file: './zones.json' });
    const checked = await run(['config', 'check']);
    assert.equal(checked.code, 0, checked.stderr);
    const plan = await run(['plan']);
    assert.match(plan.stdout, /_matrix-fed\._tcp\.example\.test/, plan.stderr);
    assert.deepEqual(await records(), ZONES[`${NAME}.`]);

    const sync = await run(['sync', '--json']);
    assert.equal(sync.code, 0, sync.stdout + sync.stderr);
    const written = await records();
    assert.deepEqual(
      written.filter(({ name, type }) => name === SRV && type === 'SRV').map(({ value }) => value),
      [`10 0 8448 matrix.${NAME}.`],
    );
    assert.deepEqual(written.slice(0, 2), ZONES[`${NAME}.`], 'the neighbours stay');

    const again = await run(['sync']);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(await records(), written);
  });

  it('takes a setting from the environment, and loses one that is wrong at its place in the file', async () => {
    await configure({});
    const lent = await run(['config', 'check'], { ZONEFILE_PATH: './zones.json' });
    assert.equal(lent.code, 0, lent.stderr);
    const missing = await run(['config', 'check']);
    assert.match(
      missing.stderr,
      /providers\.main\.file: required key is missing: expected the path.*ZONEFILE_PATH/,
    );
    await configure({ file: './zones.json', fiel: 1 });
    const { code, stderr } = await run(['config', 'check']);
    assert.notEqual(code, 0);
    const line = (await readFile(join(folder, 'config.yaml'), 'utf8'))
      .split('\n')
      .findIndex((each) => each.includes('fiel'));
    assert.match(stderr, new RegExp(`config\\.yaml:${line + 1}:\\d+: providers\\.main\\.fiel: unknown key`));
  });

  it('that cannot be loaded is a mistake in the config', async () => {
    await writeFile(join(folder, 'broken.mjs'), "throw new Error('not today');");
    for (const [type, message] of [
      ['pkg:delegated-provider-nowhere', /the package delegated-provider-nowhere is neither installed/],
      ['./nowhere.mjs', /there is no file .*nowhere\.mjs — a path is relative to the folder/],
      ['./broken.mjs', /broken\.mjs cannot be loaded: Error: not today/],
    ] as const) {
      await configure({ type });
      const { code, stderr } = await run(['config', 'check']);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
      assert.match(stderr, /config\.yaml:\d+:\d+: providers\.main\.type: /);
      assert.match(stderr, /E_CONFIG/);
    }
  });

  it('is described by the types that matrix-delegated has for it', async function () {
    this.timeout(60_000);
    const types = join(folder, 'typed');
    await mkdir(join(types, 'node_modules', '@types'), { recursive: true });
    await symlink(ROOT, join(types, 'node_modules', 'matrix-delegated'));
    await symlink(
      join(ROOT, 'node_modules', '@types', 'node'),
      join(types, 'node_modules', '@types', 'node'),
    );
    for (const file of ['index.mjs', 'zone-file.mjs', 'change-records.mjs', 'failure.mjs'])
      await writeFile(join(types, file), await readFile(join(PACKAGE, file)));
    await writeFile(
      join(types, 'use.mts'),
      "import { providerError } from 'matrix-delegated/provider';\nimport { adapter } from './index.mjs';\n" +
        "export const version: 1 = adapter.apiVersion;\nexport const error: Error = providerError('E_PROVIDER_AUTH', 'no');\n" +
        "// @ts-expect-error -- there is no such code\nproviderError('E_NOTHING', 'no');\n",
    );
    const options = [
      '--strict',
      '--checkJs',
      '--noEmit',
      '--module',
      'nodenext',
      '--types',
      'node',
      '--target',
      'es2023',
    ];
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const child = spawn(process.execPath, [compiler, ...options, 'index.mjs', 'use.mts'], {
      cwd: types,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { code, stdout } = await finish(child);
    assert.equal(code, 0, stdout);
    const script =
      "import { providerError } from 'matrix-delegated/provider'; console.log(providerError('E_CONFIG', 'x').code)";
    const imported = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: types,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.equal((await finish(imported)).stdout, 'E_CONFIG\n');
  });
});

/** What the file is for: a name server that serves what stands in it. */
function publisher(file: string): StubHandler {
  return ({ name, type }) => {
    const zones = zonesInFile.parse(JSON.parse(readFileSync(file, 'utf8')));
    const zone = `${NAME}.`;
    const here = (zones[zone] ?? []).filter((record) => record.name === `${name}.`.toLowerCase());
    const soa: Answer = {
      name: NAME,
      type: 'SOA',
      ttl: 60,
      data: {
        mname: `ns.${NAME}`,
        rname: `root.${NAME}`,
        serial: 1,
        refresh: 60,
        retry: 60,
        expire: 60,
        minimum: 1,
      },
    };
    if (type === 'SOA' && `${name}.`.toLowerCase() === zone) return { answers: [soa] };
    const answers = here.filter((record) => record.type === type).map((record) => toAnswer(name, record));
    return answers.length > 0 ? { answers } : { authorities: [soa] };
  };
}

function toAnswer(name: string, { type, ttl, value = '', address = '' }: FileRecord): Answer {
  if (type === 'A') return { name, type, ttl, data: address };
  if (type === 'TXT') return { name, type, ttl, data: Buffer.from(value, 'latin1') };
  const [priority, weight, port, target = ''] = value.split(' ');
  return {
    name,
    type: 'SRV',
    ttl,
    data: {
      priority: Number(priority),
      weight: Number(weight),
      port: Number(port),
      target: target.slice(0, -1),
    },
  };
}
