import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder for every test of the surrounding `describe`; returns how to get at its path. */
export function temporaryFolder(): () => string {
  let path = '';
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'delegated-test-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));
  return () => path;
}
