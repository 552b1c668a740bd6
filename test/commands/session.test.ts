import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../src/commands/program.ts';
import type { Report } from '../../src/report.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createTestShell } from '../support/test-shell.ts';

describe('a command that only looks', () => {
  const folder = temporaryFolder();

  it('leaves no state directory behind', async () => {
    const file = join(folder(), 'config.yaml');
    const config = {
      version: 1,
      state: join(folder(), 'state'),
      resolvers: [`127.0.0.1:${await freePort()}`],
      providers: { main: { type: 'memory', zones: ['example.test'] } },
      sites: { 'example.test': { provider: 'main', srv: [{ target: 'matrix.example.test' }] } },
    };
    await writeFile(file, JSON.stringify(config));
    for (const command of [['plan'], ['status'], ['provider', 'check'], ['account', 'show']]) {
      const shell = createTestShell();
      await runProgram([...command, '-c', file, '--json'], shell);
      assert.match(shell.printed(), /"version": 1/);
      assert.deepEqual(await readdir(folder()), ['config.yaml'], command.join(' '));
    }
  });
});

describe('the status', () => {
  const folder = temporaryFolder();

  it('tells of every site although the state of one is damaged', async () => {
    const file = join(folder(), 'config.yaml');
    const srv = [{ target: 'matrix.example.test' }];
    const config = {
      version: 1,
      state: join(folder(), 'state'),
      resolvers: [`127.0.0.1:${await freePort()}`],
      providers: { main: { type: 'memory', zones: ['example.test'] } },
      sites: { 'example.test': { provider: 'main', srv }, 'other.example.test': { provider: 'main', srv } },
    };
    await writeFile(file, JSON.stringify(config));
    await mkdir(join(folder(), 'state', 'sites'), { recursive: true, mode: 0o700 });
    await writeFile(join(folder(), 'state', 'sites', 'example.test.json'), '{', { mode: 0o600 });
    const shell = createTestShell();
    assert.equal(await runProgram(['status', '-c', file, '--json'], shell), 3);
    const { sites }: Report = JSON.parse(shell.printed());
    assert.deepEqual(
      sites.map(({ serverName }) => serverName),
      ['example.test', 'other.example.test'],
    );
    const damage = sites.map(({ errors }) => errors.filter(({ code }) => code === 'E_STATE').length);
    assert.deepEqual(damage, [1, 0]);
  });
});
