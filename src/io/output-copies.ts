import { lstat, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BACKOFF, DelegatedError } from '../errors.ts';
import { syncDirectory, temporaryPath, writeNewFile } from './atomic-file.ts';
import { errnoOf } from './file-error.ts';
import type { OutputFiles } from './output-files.ts';

/**
 * Plain files, for a directory whose reader cannot follow links (a container that mounts it, a tool that copies it).
 * Everything that can go wrong goes wrong while the new files still have temporary names; then four renames follow.
 *
 * The key goes first, in the order in which Synapse opens them on reload: key, then certificate. A reader that keeps
 * that order meets a wrong pair only when its own two reads and our two renames interleave exactly; with the key last,
 * every read that overlaps the swap at all would. Two names cannot be swapped as one, which is why `links` is the
 * better layout.
 */
export async function writeCopies(directory: string, files: OutputFiles): Promise<void> {
  const staged: { readonly temporary: string; readonly path: string }[] = [];
  let swapped = 0;
  try {
    for (const [name, spec] of files) {
      const entry = { temporary: temporaryPath(directory), path: join(directory, name) };
      await refuseFolder(entry.path);
      staged.push(entry);
      await writeNewFile(entry.temporary, spec);
    }
    for (const { temporary, path } of staged) {
      await rename(temporary, path);
      swapped += 1;
    }
    await syncDirectory(directory);
  } catch (error) {
    for (const { temporary } of staged) await rm(temporary, { force: true });
    if (swapped === 0) throw error;
    throw new DelegatedError(
      'E_OUTPUT',
      `only ${swapped} of ${staged.length} files in ${directory} were replaced`,
      {
        hint: 'do not restart the homeserver before this is repaired: its key and certificate may not match',
        retry: BACKOFF,
        outcome: 'partial',
        cause: error,
      },
    );
  }
}

/** The one thing that would fail a rename halfway. */
async function refuseFolder(path: string): Promise<void> {
  try {
    if ((await lstat(path)).isDirectory())
      throw new DelegatedError('E_OUTPUT', `${path} is a folder`, {
        hint: 'move the folder away',
        retry: BACKOFF,
      });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
