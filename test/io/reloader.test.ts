import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createReloader } from '../../src/io/reloader.ts';
import type { Reloader } from '../../src/ports.ts';
import { THIS_PROCESS } from '../support/this-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const ctx = { signal: new AbortController().signal, log: silent };

describe('the reloader', () => {
  const folder = temporaryFolder();
  const pidFile = (): string => join(folder(), 'pid');
  const reloader = (timeoutMs?: number): Reloader =>
    createReloader({
      kill: THIS_PROCESS.kill,
      environment: { PATH: `${folder()}:/usr/bin:/bin`, LANG: 'C', SECRET: 'hidden' },
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  const script = async (name: string, ...lines: string[]): Promise<string> => {
    const path = join(folder(), name);
    await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'));
    await chmod(path, 0o755);
    return path;
  };
  const send = (signal: string): Promise<void> =>
    reloader().reload({ kind: 'signal', signal, pidFile: pidFile() }, ctx);
  const exec = (command: readonly string[], timeoutMs?: number): Promise<void> =>
    reloader(timeoutMs).reload({ kind: 'exec', command }, ctx);

  describe('by command', () => {
    it('passes the arguments as they are, without a shell, and of our environment PATH and LANG only', async () => {
      const command = await script(
        'x',
        `printf '%s|' "$@" > "$(dirname "$0")/out"`,
        `env >> "$(dirname "$0")/out"`,
      );
      await exec([command, 'a b', '$HOME', '; rm -rf x']);
      const printed = await readFile(join(folder(), 'out'), 'utf8');
      assert.ok(printed.startsWith('a b|$HOME|; rm -rf x|'), printed);
      assert.match(printed, /^LANG=C$/m);
      assert.ok(!printed.includes('SECRET'));
    });

    it('says how it failed and what it printed, of much output the end', async () => {
      const command = await script(
        'x',
        'head -c 100000 /dev/zero | tr "\\0" x',
        'echo last words >&2',
        'exit 3',
      );
      await assert.rejects(exec([command]), (error: Error) => {
        assert.match(
          error.message,
          /status 3; it printed:\nx+last words$|status 3; it printed:\n[^]*last words[^]*$/,
        );
        assert.ok(error.message.length < 4096 + 200);
        return true;
      });
      await assert.rejects(exec([await script('y', 'kill -SEGV $$')]), {
        message: /signal SIGSEGV; it printed nothing/,
      });
    });

    it('says when the program does not exist or may not be run', async () => {
      await assert.rejects(exec(['/nonexistent/program']), { code: 'E_RELOAD', message: /was not found/ });
      const command = await script('x');
      await chmod(command, 0o644);
      await assert.rejects(exec([command]), { code: 'E_RELOAD', message: /could not be started \(EACCES\)/ });
    });

    it('gets nothing to read', async () => {
      await exec([await script('x', 'if read -r line; then exit 1; fi')]);
    });

    it('is killed with all its children when it takes too long', async () => {
      const child = join(folder(), 'child');
      const command = await script('x', `sleep 1000 & echo $! > ${child}`, 'echo waiting', 'wait');
      await assert.rejects(exec([command], 300), {
        code: 'E_RELOAD',
        message: /took longer than 0\.3 s; it printed:\nwaiting/,
        retry: { kind: 'backoff' },
      });
      const state = await readFile(`/proc/${(await readFile(child, 'utf8')).trim()}/stat`, 'utf8').catch(
        () => 'gone',
      );
      assert.match(state, /gone|\) Z /);
    });

    it('is killed though it ignores SIGTERM, when we are asked to stop', async () => {
      const stop = new AbortController();
      const started = join(folder(), 'started');
      await promisify(execFile)('mkfifo', [started]);
      const command = await script('x', 'trap "" TERM', `echo > ${started}`, 'sleep 1000', 'sleep 1000');
      const reload = reloader().reload({ kind: 'exec', command: [command] }, { ...ctx, signal: stop.signal });
      const rejected = assert.rejects(reload, { code: 'E_ABORTED' });
      await readFile(started);
      stop.abort();
      await rejected;
    });

    it('does not hold us when it leaves something in the background', async () => {
      const child = join(folder(), 'child');
      await exec([await script('x', `sleep 1000 & echo $! > ${child}`)]);
      process.kill(Number(await readFile(child, 'utf8')), 'SIGKILL');
    });
  });

  describe('by systemd', () => {
    it('asks systemctl to reload the unit', async () => {
      await script('systemctl', 'echo "$@" > "$(dirname "$0")/asked"');
      await reloader().reload({ kind: 'systemd', unit: 'matrix-synapse@1.service' }, ctx);
      assert.equal(
        await readFile(join(folder(), 'asked'), 'utf8'),
        '--no-ask-password reload -- matrix-synapse@1.service\n',
      );
    });

    it('says what systemctl said', async () => {
      await script('systemctl', 'echo "x.service is not active, cannot reload." >&2', 'exit 1');
      await assert.rejects(reloader().reload({ kind: 'systemd', unit: 'x.service' }, ctx), {
        code: 'E_RELOAD',
        message: /status 1; it printed:\nx\.service is not active, cannot reload\./,
        hint: /systemctl status x\.service/,
      });
    });

    it('takes nothing for a unit that is none', async () => {
      for (const unit of ['', '-H', '--force', 'a b', 'a;b', '../x', 'a\n'])
        await assert.rejects(reloader().reload({ kind: 'systemd', unit }, ctx), {
          message: /not the name of a unit/,
        });
    });
  });

  describe('by signal', () => {
    it('sends it to the process of the pid file', async () => {
      const child = await listener();
      await writeFile(pidFile(), ` ${child.pid}\n`);
      await send('HUP');
      const [status]: unknown[] = await once(child, 'exit');
      assert.equal(status, 42);
    });

    it('sends nothing to groups, to init, and for anything but one number', async () => {
      for (const text of ['', '0', '1', '-1', '12 13', 'x', '99999999999', '1e3']) {
        await writeFile(pidFile(), text);
        await assert.rejects(send('HUP'), { code: 'E_RELOAD', message: /does not hold the number/ }, text);
      }
      await assert.rejects(
        reloader().reload({ kind: 'signal', signal: 'HUP', pidFile: join(folder(), 'none') }, ctx),
        { code: 'E_RELOAD', message: /ENOENT/ },
      );
    });

    it('says when that process is gone, and when there is no such signal', async () => {
      const child = await listener();
      await writeFile(pidFile(), String(child.pid));
      await assert.rejects(send('RELOAD'), { code: 'E_RELOAD', message: /not a signal/ });
      child.kill('SIGKILL');
      await once(child, 'exit');
      await assert.rejects(send('SIGHUP'), { code: 'E_RELOAD', message: /no process \d+ .* is running/ });
    });
  });
});

/** Ends with status 42 on SIGHUP. */
async function listener(): Promise<ChildProcess> {
  const script =
    "process.on('SIGHUP', () => process.exit(42)); setInterval(() => {}, 1000); console.log('ready')";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
