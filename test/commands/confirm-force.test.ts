import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { confirmForce } from '../../src/commands/confirm-force.ts';
import type { SiteConfig } from '../../src/config/config.ts';
import { parseDomainName } from '../../src/dns/domain-name.ts';
import type { Log } from '../../src/ports.ts';
import type { LedgerEntry } from '../../src/schedule/state.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { EXAMPLE, SILENT, certificate, site } from '../support/fake-ports.ts';
import { trouble } from '../support/faults.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type TestShell, createTestShell } from '../support/test-shell.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ONE = site({ certificate: certificate() });
const OTHER = site({ name: 'other.example', certificate: certificate() });

const CA = 'https://ca.test/directory';
const now = new Date('2026-11-24T12:00:00Z');

function ask(
  sites: readonly SiteConfig[],
  shell: TestShell,
  log: Log,
  readLedger: () => Promise<readonly LedgerEntry[]> = async () => [],
): Promise<void> {
  return confirmForce(sites, CA, { clock: { now: () => now }, state: { readLedger } }, shell, log);
}

function terminal(typed: string | null): TestShell {
  const shell = createTestShell();
  return Object.assign(shell, {
    inIsTerminal: true,
    errIsTerminal: true,
    readLine: () => Promise.resolve(typed),
  });
}

/** What it says for two sites before the answer is typed. */
async function said(readLedger?: () => Promise<readonly LedgerEntry[]>): Promise<string> {
  const shell = terminal('all 2');
  await ask([ONE, OTHER], shell, SILENT, readLedger);
  return shell.complained();
}

describe('--force', () => {
  it('has the one server name typed at a terminal, or how many they are', async () => {
    await ask([ONE], terminal(' example.org '), SILENT);
    const several = terminal('all 2');
    await ask([ONE, OTHER], several, SILENT);
    assert.match(several.complained(), /example\.org, other\.example[^]*Type "all 2"/);
  });

  it('does nothing when something else is typed, or nothing', async () => {
    for (const typed of ['', 'y', 'yes', 'other.example', 'all 1', null])
      await assertRefused(ask([ONE], terminal(typed), SILENT), 'E_USAGE');
    await assertRefused(ask([ONE, OTHER], terminal('example.org'), SILENT), 'E_USAGE');
  });

  it('says first which sites have used up a limit of ours, and until when', async () => {
    const order = { at: now, ca: CA, names: [EXAMPLE] };
    const failed = [1, 2, 3, 4].map((nth) => ({
      ...order,
      names: [parseDomainName('other.example')],
      challenges: 'failed' as const,
      order: `${CA}/${nth}`,
    }));
    assert.match(await said(), /None of them has used up/);
    assert.match(
      await said(async () => [order, order]),
      /for: example\.org \(until 2026-11-25T12:00:00\.000Z\)\. /,
    );
    assert.match(
      await said(async () => failed),
      /for: other\.example \(until 2026-11-24T13:00:00\.000Z\)\. /,
    );
    assert.match(await said(() => Promise.reject(trouble('E_STATE'))), /limits are used up cannot be read: /);
  });

  it('is about certificates only', async () => {
    const shell = terminal(null);
    await ask([site()], shell, SILENT);
    assert.equal(shell.complained(), '');
  });

  it('is taken at its word without a terminal at both ends, and logged with the sites', async () => {
    const logged: unknown[] = [];
    const log: Log = { ...SILENT, warn: (...line) => void logged.push(line[1]) };
    const half = Object.assign(terminal('no'), { inIsTerminal: false });
    const other = Object.assign(terminal('no'), { errIsTerminal: false });
    for (const shell of [half, other]) await ask([ONE, OTHER], shell, log);
    const sites = ['example.org', 'other.example'];
    assert.deepEqual(logged, [{ sites }, { sites }]);
  });
});

describe('renew --force on a real terminal', () => {
  const folder = temporaryFolder();

  /** `script` gives the program a terminal, and types what comes in. */
  async function onTerminal(typed: string): Promise<{ code: number | null; screen: string }> {
    const file = join(folder(), 'config.yaml');
    const config = {
      version: 1,
      state: join(folder(), 'state'),
      resolvers: ['127.0.0.1:9'],
      acme: { ca: 'https://127.0.0.1:9/directory', termsOfServiceAgreed: true },
      providers: { main: { type: 'memory', zones: ['example.org'] } },
      sites: {
        'example.org': { provider: 'main', srv: [{ target: 'm.example.org' }], certificate: { outputs: [] } },
      },
    };
    await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    const command = `'${process.execPath}' --import tsx '${MAIN}' renew --force -c '${file}'`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let screen = '';
    let answered = false;
    child.stdout.on('data', (chunk: Buffer) => {
      screen += chunk.toString();
      if (answered || !screen.includes('to do it: ')) return;
      answered = true;
      child.stdin.write(`${typed}\r`);
    });
    await once(child, 'close');
    return { code: child.exitCode, screen };
  }

  it('does nothing after a wrong answer', async function () {
    this.timeout(60_000);
    const { code, screen } = await onTerminal('yes');
    assert.equal(code, 2, screen);
    assert.match(screen, /E_USAGE: nothing was done/);
    assert.ok(!existsSync(join(folder(), 'state')));
  });

  it('goes on after the right one', async function () {
    this.timeout(60_000);
    const { code, screen } = await onTerminal('example.org');
    assert.equal(code, 3, screen);
    assert.match(screen, /E_ACME_UNREACHABLE/);
  });
});
