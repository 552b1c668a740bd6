import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../src/commands/program.ts';
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
