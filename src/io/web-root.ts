import { dirname } from 'node:path';
import type { WebRoot } from '../ports.ts';
import { readText, sweepTemporaries, writeFileAtomic } from './atomic-file.ts';
import { makeFolder } from './atomic-folder.ts';

const CODE = 'E_OUTPUT';
/** The web server is somebody else. */
const READABLE = 0o644;
const TRAVERSABLE = 0o755;

export function createWebRoot(): WebRoot {
  return {
    read: (path) => readText(path, CODE),
    async write(path, text) {
      const folder = dirname(path);
      // `.well-known` and `matrix` are made; the root has to be there, or its name is a typing error.
      await makeFolder(dirname(folder), TRAVERSABLE, CODE);
      await makeFolder(folder, TRAVERSABLE, CODE);
      await sweepTemporaries(folder);
      await writeFileAtomic(path, { content: text, mode: READABLE }, CODE);
    },
  };
}
