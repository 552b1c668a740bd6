import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createWebRoot } from '../../src/io/web-root.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('a web root', () => {
  const folder = temporaryFolder();
  const path = (): string => join(folder(), '.well-known', 'matrix', 'server');

  it('gets the file and the two folders above it, readable for the web server', async () => {
    const root = createWebRoot();
    assert.equal(await root.read(path()), null);
    await root.write(path(), '{}\n');
    await root.write(path(), '{"m.server":"a"}\n');
    assert.equal(await root.read(path()), '{"m.server":"a"}\n');
    assert.equal((await stat(path())).mode & 0o777, 0o644);
    for (const made of ['.well-known', '.well-known/matrix'])
      assert.equal((await stat(join(folder(), made))).mode & 0o777, 0o755);
    assert.deepEqual(await readdir(join(folder(), '.well-known/matrix')), ['server']);
  });

  it('has to be there itself', async () => {
    const wrong = join(folder(), 'typo', '.well-known', 'matrix', 'server');
    const error = await assertRefused(createWebRoot().write(wrong, '{}'), 'E_OUTPUT');
    assert.match(error.message, /typo/);
    await assert.rejects(readFile(wrong));
  });
});
