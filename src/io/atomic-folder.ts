import { chmod, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ErrorCode } from '../errors.ts';
import { type FileSpec, discard, syncDirectory, temporaryPath, writeNewFile } from './atomic-file.ts';
import { errnoOf, fileError } from './file-error.ts';

/**
 * Writes a folder of files under a temporary name that only we may enter, and renames it when everything is on disk:
 * whoever sees the folder sees all of it.
 * @throws DelegatedError with that code; nothing is left behind then, where the disk allows it
 */
export async function writeFolder(
  path: string,
  files: Readonly<Record<string, FileSpec>>,
  mode: number,
  code: ErrorCode,
): Promise<void> {
  const temporary = temporaryPath(dirname(path));
  try {
    await mkdir(temporary, { mode: 0o700 });
    for (const [name, spec] of Object.entries(files)) await writeNewFile(join(temporary, name), spec);
    await syncDirectory(temporary);
    await chmod(temporary, mode);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await discard(temporary);
    throw fileError(code, 'write', path, error);
  }
}

/**
 * Makes a folder in a folder that exists, durably and with exactly that mode; leaves one that exists as it is.
 * @returns true when it was made
 */
export async function makeFolder(path: string, mode: number, code: ErrorCode): Promise<boolean> {
  try {
    await mkdir(path, { mode: mode & 0o700 });
    await chmod(path, mode);
    await syncDirectory(dirname(path));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw fileError(code, 'create', path, error);
  }
}
