import { link, lstat, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BACKOFF, DelegatedError } from '../errors.ts';
import { discard, syncDirectory, temporaryPath, writeNewFile } from './atomic-file.ts';
import { errnoOf } from './file-error.ts';
import type { OutputFiles } from './output-files.ts';

interface Staged {
  /** The new file, until it is swapped in. */
  readonly temporary: string;
  readonly path: string;
  /** Another name of the old file; null where there is none, or the file system has no such names. */
  readonly before: string | null;
  /** Whether there was an old file. */
  readonly existed: boolean;
}

/**
 * Plain files, for a directory whose reader cannot follow links (a container that mounts it, a tool that copies it).
 * Nearly everything that can go wrong goes wrong while the new files still have temporary names; then four renames
 * follow. If one of them fails, the others are taken back.
 *
 * The key goes first, in the order in which Synapse opens them on reload: key, then certificate. A reader that keeps
 * that order meets a wrong pair only when its own two reads and our two renames interleave exactly; with the key last,
 * every read that overlaps the swap at all would. Two names cannot be swapped as one, which is why `links` is the
 * better layout.
 */
export async function writeCopies(directory: string, files: OutputFiles): Promise<void> {
  const staged: Staged[] = [];
  let swapped = 0;
  try {
    for (const [name, spec] of files) {
      const [temporary, path] = [temporaryPath(directory), join(directory, name)];
      const existed = await isFile(path);
      const before = existed ? await secondName(path, temporaryPath(directory)) : null;
      staged.push({ temporary, path, before, existed });
      await writeNewFile(temporary, spec);
    }
    for (const { temporary, path } of staged) {
      await rename(temporary, path);
      swapped += 1;
    }
    await syncDirectory(directory);
  } catch (error) {
    if (swapped === 0 || swapped === staged.length || (await takeBack(staged.slice(0, swapped)))) throw error;
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
  } finally {
    for (const { temporary, before } of staged) {
      await discard(temporary);
      if (before !== null) await discard(before);
    }
  }
}

/** @returns whether every old file is in its place again */
async function takeBack(swapped: readonly Staged[]): Promise<boolean> {
  if (swapped.some(({ before, existed }) => existed && before === null)) return false;
  try {
    for (const { path, before } of swapped.toReversed())
      if (before === null) await unlink(path);
      else await rename(before, path);
    return true;
  } catch {
    return false;
  }
}

/** Null where the system refuses hard links (FAT, files of others): then there is no way back. */
async function secondName(path: string, name: string): Promise<string | null> {
  try {
    await link(path, name);
    return name;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return null;
  }
}

/** A folder is the one thing that would surely fail a rename halfway. */
async function isFile(path: string): Promise<boolean> {
  try {
    if ((await lstat(path)).isDirectory())
      throw new DelegatedError('E_OUTPUT', `${path} is a folder`, {
        hint: 'move the folder away',
        retry: BACKOFF,
      });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
