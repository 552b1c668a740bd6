import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock, type Lock } from '../../src/io/lock.ts';
import { THIS_PROCESS } from '../support/this-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = (): AbortSignal => new AbortController().signal;
describe('the lock', () => {
  const folder = temporaryFolder();
  const path = (): string => join(folder(), 'lock');
  const tryLock = (flock?: string): Promise<Lock> =>
    acquireLock(path(), {
      wait: false,
      signal: never(),
      ...THIS_PROCESS,
      ...(flock !== undefined && { flock }),
    });
  const waitLock = (signal = never()): Promise<Lock> =>
    acquireLock(path(), { wait: true, signal, ...THIS_PROCESS });

  it('is had by one, who is named to the others, until it is released', async () => {
    const lock = await tryLock();
    await assert.rejects(tryLock(), {
      code: 'E_LOCKED',
      message: new RegExp(`process ${process.pid} \\(.+\\) holds the lock`),
      retry: { kind: 'backoff' },
    });
    await lock.release();
    await lock.release();
    await (await tryLock()).release();
  });

  it('blames nobody who is gone when something else holds it', async () => {
    const gone = spawn('/bin/true');
    await once(gone, 'exit');
    const holder = `${String(gone.pid)} delegated renew`;
    await (await acquireLock(path(), { wait: false, signal: never(), holder })).release();
    const other = spawn('/usr/bin/flock', [path(), '/bin/sh', '-c', 'echo held; read line'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(other.stdout, 'data');
    try {
      await assert.rejects(tryLock(), { code: 'E_LOCKED', message: /^another process holds/, hint: /fuser/ });
    } finally {
      other.stdin.end();
      await once(other, 'exit');
    }
  });

  it('has one winner among 50', async () => {
    const results = await Promise.allSettled(Array.from({ length: 50 }, () => tryLock()));
    const winners = results.filter((result) => result.status === 'fulfilled');
    assert.equal(winners.length, 1);
    for (const result of results)
      if (result.status === 'rejected') assert.equal(result.reason.code, 'E_LOCKED', String(result.reason));
    await winners[0]?.value.release();
  });

  it('is waited for, by one after the other', async () => {
    let held = 0;
    const turn = async (): Promise<void> => {
      const lock = await waitLock();
      held += 1;
      assert.equal(held, 1);
      await readFile(path());
      held -= 1;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 10 }, turn));
  });

  it('stops waiting at once on request, and has not got the lock then', async () => {
    const lock = await tryLock();
    // At whatever step it is then: from before the file is open until flock(1) has been waiting for a while.
    for (const ms of [0, 1, 2, 4, 8, 16, 32]) {
      const stop = AbortSignal.timeout(ms);
      await assert.rejects(waitLock(stop), { code: 'E_ABORTED' });
      await assert.rejects(waitLock(stop), { code: 'E_ABORTED' });
    }
    await lock.release();
    await (await tryLock()).release();
  });

  it('is free when its holder was killed, and the waiting one gets it', async function () {
    this.timeout(30_000);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'hold-lock.ts'), path()],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    await assert.rejects(tryLock(), { message: new RegExp(`process ${child.pid} `) });
    const waiting = waitLock();
    child.kill('SIGKILL');
    await (await waiting).release();
  });

  it('is for nobody else to read or write', async () => {
    const lock = await tryLock();
    assert.equal((await stat(path())).mode & 0o777, 0o600);
    await lock.release();
  });

  it('says what is missing where there is no flock(1), or when it fails', async () => {
    const flock = join(folder(), 'flock');
    await assert.rejects(tryLock(flock), {
      code: 'E_STATE',
      message: /flock is missing/,
      hint: /util-linux/,
    });
    await writeFile(flock, '#!/bin/sh\nexit 66\n');
    await chmod(flock, 0o755);
    await assert.rejects(tryLock(flock), {
      code: 'E_STATE',
      message: /failed \(66\)/,
    });
  });
});
