// `npm run bench`: how long one certificate takes, from the start of the process to the files on disk, beside the
// programs that people use today; how long a quiet `renew` takes; how much memory the idle daemon holds. Prints the
// table of docs/performance.md. Ratios are what counts: they are taken in the same run, on the same machine.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAM } from '../e2e/lab.ts';
import { startBind } from '../support/bind.ts';
import { startPebble } from '../support/pebble.ts';
import { cloudflareTarget } from '../targets/cloudflare.ts';
import { desecTarget } from '../targets/desec.ts';
import { googleTarget } from '../targets/google.ts';
import { hetznerTarget } from '../targets/hetzner.ts';
import { ovhTarget } from '../targets/ovh.ts';
import { route53Target } from '../targets/route53.ts';
import { webhookTarget } from '../targets/webhook.ts';
import { powerdnsTarget } from '../targets/powerdns.ts';
import { countCalls } from './calls.ts';
import { type Contender, type Course, certbot, dehydrated, lego, run, uacme } from './peers.ts';

/** Adapters over HTTP, before what plays their vendor. */
const TARGETS = {
  cloudflare: cloudflareTarget,
  desec: desecTarget,
  google: googleTarget,
  hetzner: hetznerTarget,
  ovh: ovhTarget,
  powerdns: powerdnsTarget,
  route53: route53Target,
  webhook: webhookTarget,
};

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7);
/** What a hoster has in one config. */
const MANY = 200;
const NAMES = ['example.test', 'matrix.example.test'] as const;

const delegated: Contender = {
  name: 'delegated',
  proves: 'SRV and challenges at every name server',
  async prepare(course) {
    await writeConfig(course);
    await run(process.execPath, [PROGRAM, '-c', configFile(course), 'renew', '--quiet', '--force']);
  },
  async issue(course) {
    await run(process.execPath, [PROGRAM, '-c', configFile(course), 'renew', '--quiet', '--force']);
  },
};

function configFile({ folder }: Course): string {
  return `${folder}.yaml`;
}

/** @param serverNames each with an SRV record and a certificate for itself and the target */
async function writeConfig(course: Course, serverNames = [course.names[0]]): Promise<void> {
  const { dns, pebble, folder, names } = course;
  const server = `127.0.0.1:${dns.port}`;
  const config = {
    version: 1,
    state: folder,
    resolvers: [server],
    acme: { ca: pebble.directoryUrl, termsOfServiceAgreed: true, caCertificates: pebble.caFile },
    providers: { main: { type: 'rfc2136', server, key: dns.key, nameServers: [server] } },
    sites: Object.fromEntries(
      serverNames.map((name) => [
        name,
        {
          provider: 'main',
          srv: [{ target: names[1] }],
          certificate: { names: [names[1]], verify: 'none' },
        },
      ]),
    ),
  };
  await writeFile(configFile(course), JSON.stringify(config), { mode: 0o600 });
}

async function measure(contender: Contender): Promise<readonly number[]> {
  const times: number[] = [];
  await withCourse(contender.name, async (course) => {
    await contender.prepare(course);
    for (let round = 0; round < ROUNDS; round += 1) {
      if (round > 0) await contender.reset?.(course);
      times.push(await timed(() => contender.issue(course)));
    }
    if (contender === delegated) {
      await report('renew with nothing due', course, ['renew', '--quiet']);
      await reportDaemon(course);
    }
  });
  return times;
}

/** @param one what one certificate takes a run of its own, in milliseconds */
async function measureMany(one: readonly { readonly name: string; readonly ms: number }[]): Promise<void> {
  const names = Array.from({ length: MANY }, (_, index) => `s${index + 1}.${NAMES[0]}`);
  await withCourse('many', async (course) => {
    await writeConfig(course, names);
    const first = await timed(() =>
      run(process.execPath, [PROGRAM, '-c', configFile(course), 'renew', '--quiet']),
    );
    const others = one.map(
      ({ name, ms }) => `${name} one by one: ${((ms * MANY) / first).toFixed(1)} times that`,
    );
    print(`${MANY} new sites: ${seconds(first)} s (${others.join(', ')})`);
    await report(`renew with ${MANY} sites and nothing due`, course, ['renew', '--quiet']);
  });
}

async function withCourse(name: string, work: (course: Course) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `delegated-bench-${name}-`));
  const dns = await startBind({
    zones: [{ name: NAMES[0], records: ['matrix 60 IN A 127.0.0.1', 'account 60 IN A 127.0.0.1'] }],
  });
  const pebble = await startPebble({
    dnsServer: `127.0.0.1:${dns.port}`,
    env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_AUTHZREUSE: '0' },
  });
  const course: Course = { dns, pebble, names: NAMES, folder: join(folder, 'home') };
  try {
    await work(course);
  } finally {
    await Promise.allSettled([pebble.stop(), dns.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function report(title: string, course: Course, args: readonly string[]): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    times.push(await timed(() => run(process.execPath, [PROGRAM, '-c', configFile(course), ...args])));
  const empty: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    empty.push(await timed(() => run(process.execPath, ['-e', '0'])));
  print(`${title}: ${seconds(median(times))} s (node -e 0: ${seconds(median(empty))} s)`);
}

/** After its first look at everything, with nothing due. */
async function reportDaemon(course: Course): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, '-c', configFile(course), 'run', '--verbose'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  while (!log.includes('next work at')) await once(child.stderr, 'data');
  const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8');
  const kib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  child.kill('SIGTERM');
  await once(child, 'exit');
  print(`idle daemon: ${Math.round(kib / 1024)} MiB resident`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function installed({ name }: Contender): boolean {
  if (name === delegated.name) return true;
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    print(`${name} is not installed, left out`);
    return false;
  }
}

const rows: { readonly contender: Contender; readonly times: readonly number[] }[] = [];
for (const contender of [delegated, uacme, lego, certbot, dehydrated].filter(installed))
  try {
    rows.push({ contender, times: await measure(contender) });
  } catch (error) {
    print(`${contender.name} did not finish: ${error instanceof Error ? error.message : String(error)}`);
  }
const ours = median(rows.find(({ contender }) => contender === delegated)?.times ?? []);
print('');
print('| program | median | fastest | slowest | times ours | proves before it asks the CA |');
print('|---|---|---|---|---|---|');
for (const { contender, times } of rows)
  print(
    `| ${contender.name} | ${seconds(median(times))} s | ${seconds(Math.min(...times))} s | ${seconds(Math.max(...times))} s | ${(median(times) / ours).toFixed(1)} | ${contender.proves} |`,
  );

print('');
await measureMany(rows.map(({ contender, times }) => ({ name: contender.name, ms: median(times) })));
print('');
print('| requests for the records of | 1 site: read, write | 100 sites | 1,000 sites |');
print('|---|---|---|---|');
for (const [name, setup] of Object.entries(TARGETS)) {
  const counts = await countCalls(() => setup());
  print(`| ${name} | ${counts.map(({ read, write }) => `${read}, ${write}`).join(' | ')} |`);
}
