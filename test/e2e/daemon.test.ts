import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import {
  type Homeserver,
  type Lab,
  dig,
  opensslVerify,
  startHomeserver,
  startLab,
  strayChallenges,
} from './lab.ts';

const NAME = 'example.test';
const SRV = `_matrix-fed._tcp.${NAME}`;

/** Reads what a child prints; each call waits for some words in what no call has read yet. */
function reader(child: ChildProcess): (words: string) => Promise<void> {
  let printed = '';
  let look: (() => void) | null = null;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    look?.();
  });
  child.on('exit', () => {
    look?.();
  });
  return (words) =>
    new Promise((resolve, reject) => {
      look = () => {
        const at = printed.indexOf(words);
        if (at >= 0) {
          printed = printed.slice(at + words.length);
          resolve();
        } else if (child.exitCode !== null) reject(new Error(`it ended: ${printed}`));
      };
      look();
    });
}

describe('the daemon', () => {
  let lab: Lab;
  let homeserver: Homeserver;
  let daemon: ChildProcess;

  const sites = (priority: number): Record<string, unknown> => ({
    [NAME]: {
      provider: 'main',
      srv: [{ target: `matrix.${NAME}`, port: homeserver.port, priority, weight: 5 }],
      certificate: {
        outputs: [{ directory: homeserver.tls }],
        reload: { signal: 'HUP', pidFile: homeserver.pidFile },
      },
    },
  });

  beforeEach(async function () {
    this.timeout(30_000);
    lab = await startLab();
    homeserver = await startHomeserver(lab.directory);
    await lab.configure(sites(10));
    daemon = lab.start(['run', '--verbose']);
  });
  afterEach(async () => {
    if (daemon.exitCode === null && daemon.signalCode === null) {
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
    }
    await homeserver.stop();
    await lab.stop();
  });

  it('does the whole job at its start, and ends when it is told to', async () => {
    await reader(daemon)('deployed');
    assert.deepEqual(await dig(lab, SRV, 'SRV'), [`10 5 ${homeserver.port} matrix.${NAME}.`]);
    assert.match(await opensslVerify(lab, homeserver.tls, NAME), /OK/);
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    assert.equal(daemon.exitCode, 0);
    assert.deepEqual(await strayChallenges(lab, NAME), []);
  });

  it('keeps the old config when the new one is bad, and takes a good one', async () => {
    const until = reader(daemon);
    await until('deployed');
    const good = await readFile(lab.configFile, 'utf8');
    await writeFile(lab.configFile, good.replace('"srv"', '"svr"'));
    daemon.kill('SIGHUP');
    await until('the old one stays in use');
    await lab.configure(sites(20));
    daemon.kill('SIGHUP');
    await until('the new config is in use');
    await until('next work at');
    assert.deepEqual(await dig(lab, SRV, 'SRV'), [`20 5 ${homeserver.port} matrix.${NAME}.`]);
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    assert.equal(daemon.exitCode, 0);
  });

  it('opens no debugger for whoever sends SIGUSR1', async () => {
    let said = '';
    daemon.stderr?.on('data', (chunk) => (said += String(chunk)));
    const until = reader(daemon);
    await until('deployed');
    daemon.kill('SIGUSR1');
    daemon.kill('SIGHUP');
    await until('the new config is in use');
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
    assert.doesNotMatch(said, /Debugger/);
    assert.equal(daemon.exitCode, 0);
  });

  it('lets a one-shot run work beside it', async () => {
    await reader(daemon)('deployed');
    const { code, stdout } = await lab.run(['renew', '--json']);
    assert.equal(code, 0, stdout);
  });
});
