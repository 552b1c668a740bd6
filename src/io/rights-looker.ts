import { constants, type Stats } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DelegatedError } from '../errors.ts';
import type { RightsLooker } from '../ports.ts';
import { type AccountIds, accountIds } from './account-ids.ts';
import { errnoOf } from './file-error.ts';
import { inspectStateDirectory } from './state-directory.ts';

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/** Looks at rights only, and makes nothing: what is not there yet will be made in the folder above it. */
export function createRightsLooker(): RightsLooker {
  return {
    async unsafe(directory) {
      try {
        await inspectStateDirectory(directory);
        return null;
      } catch (error) {
        if (error instanceof DelegatedError) return error.message;
        throw error;
      }
    },

    async notWritable(directory) {
      const folder = await existing(directory);
      try {
        await access(folder, constants.W_OK | constants.X_OK);
        return null;
      } catch {
        return folder;
      }
    },

    async closedTo({ directory, owner, group }) {
      const reader = await accountIds(owner, group);
      if (reader.uid === undefined && reader.gid === undefined) return null;
      if (reader.uid === 0) return null;
      for (const folder of pathTo(await existing(directory))) {
        const found = await stat(folder).catch(() => null);
        // Where we may not look ourselves, writing fails as well, and is told of.
        if (found === null) return null;
        if (!mayEnter(found, reader)) return folder;
      }
      return null;
    },
  };
}

/** With links followed; the folder above where the last part is not there yet. */
async function existing(directory: string): Promise<string> {
  try {
    return await realpath(directory);
  } catch (error) {
    const above = dirname(resolve(directory));
    if (!ABSENT.has(errnoOf(error) ?? '')) return directory;
    return realpath(above).catch(() => above);
  }
}

/** From the root down. */
function pathTo(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [...pathTo(above), folder];
}

/** The kernel takes the first class that fits: the owner is not let in by the rights of the group (path_resolution(7)). */
function mayEnter({ mode, uid, gid }: Stats, reader: AccountIds): boolean {
  if (uid === reader.uid) return (mode & 0o100) !== 0;
  if (gid === reader.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
