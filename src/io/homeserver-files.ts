import { readFile, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CURRENT } from '../certificate/layout.ts';
import type { HomeserverFiles } from '../health/homeserver-files.ts';
import { errnoOf } from './file-error.ts';

/** As many as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

export function createHomeserverFiles(): HomeserverFiles {
  return {
    async read(path) {
      try {
        const paths = (await stat(path)).isDirectory() ? await yamlIn(path) : [path];
        return await Promise.all(
          paths.map(async (each) => ({ path: each, text: await readFile(each, 'utf8') })),
        );
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === undefined) throw error;
        return { why: `cannot read ${path} (${errno})` };
      }
    },

    async stableName(path, directory) {
      const output = await real(directory);
      let at = resolve(path);
      for (let links = 0; links <= MOST_LINKS; links += 1) {
        const folder = dirname(at);
        // `current` is one link for all versions; what it leads to is one version for ever.
        const stable = basename(folder) === CURRENT ? dirname(folder) : folder;
        if ((await real(stable)) === output) return basename(at);
        const next = await linkAt(at);
        if (next === null) return null;
        at = resolve(await real(folder), next);
      }
      return null;
    },
  };
}

async function yamlIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.yaml'))
    .map(({ name }) => join(folder, name))
    .sort();
}

/** What is not there, or not for us to see, is taken by its name. */
async function real(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

async function linkAt(path: string): Promise<string | null> {
  return readlink(path).catch(() => null);
}
