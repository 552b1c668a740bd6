import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext } from '../../src/commands/context.ts';
import { createRedactor } from '../../src/io/redaction.ts';
import { SILENT, config } from '../support/fake-ports.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { THIS_PROCESS } from '../support/this-process.ts';

describe('the context of a command', () => {
  const folder = temporaryFolder();

  it('tries a provider that could not start again when it is asked for again, and keeps one that could', async () => {
    const program = join(folder(), 'program');
    const options = { command: [program], protocol: 'json' };
    const main = { name: 'main', type: 'exec', nameServers: [], options, variables: {} };
    const context = createContext(
      { ...config(), state: folder(), providers: new Map([['main', main]]) },
      {
        log: SILENT,
        redactor: createRedactor(),
        signal: new AbortController().signal,
        version: '0',
        env: { PATH: process.env['PATH'] },
        host: THIS_PROCESS,
        progress: () => undefined,
      },
    );
    try {
      await assert.rejects(context.ports.provider('main'), { code: 'E_PROVIDER_UNSUPPORTED' });
      const answer = '{"ok":true,"result":{"types":["TXT"]}}';
      await writeFile(program, `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
      const provider = await context.ports.provider('main');
      assert.deepEqual(provider.capabilities.types, ['TXT']);
      assert.equal(await context.ports.provider('main'), provider);
    } finally {
      await context.close();
    }
  });
});
