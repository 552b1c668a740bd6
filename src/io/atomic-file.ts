import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type FileHandle,
  link,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ErrorCode } from '../errors.ts';
import { errnoOf, fileError } from './file-error.ts';

export interface FileSpec {
  readonly content: string;
  /** Default 0600. */
  readonly mode?: number;
  /** Default: left as the kernel makes it, so a setgid folder keeps its meaning. */
  readonly uid?: number;
  readonly gid?: number;
}

// Not derived from the target's name: nobody can guess it, and a long name cannot become too long.
const TEMPORARY = /^\.delegated-[0-9a-f]{24}$/;

export function temporaryPath(directory: string): string {
  return join(directory, `.delegated-${randomBytes(12).toString('hex')}`);
}

/**
 * Writes the whole file beside its place, sets owner and mode, and swaps it in by one rename: a reader, and a power
 * failure, sees the old file or the new one. At no moment has anybody more rights to the content than in the end.
 * @throws DelegatedError with that code; the old file is untouched then
 */
export async function writeFileAtomic(path: string, spec: FileSpec, code: ErrorCode): Promise<void> {
  const temporary = temporaryPath(dirname(path));
  try {
    await writeNewFile(temporary, spec);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await discard(temporary);
    throw fileError(code, 'write', path, error);
  }
}

/**
 * Like `writeFileAtomic`, but never replaces: of several processes one wins.
 * @returns false when the file existed
 */
export async function createFileAtomic(path: string, spec: FileSpec, code: ErrorCode): Promise<boolean> {
  const temporary = temporaryPath(dirname(path));
  try {
    await writeNewFile(temporary, spec);
    // Unlike rename(2), link(2) fails when the name is taken.
    await link(temporary, path);
    await syncDirectory(dirname(path));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw fileError(code, 'create', path, error);
  } finally {
    await discard(temporary);
  }
}

/** Makes `path` a symbolic link to `target` by one rename, whatever file or link stood there. */
export async function replaceLink(target: string, path: string, code: ErrorCode): Promise<void> {
  const temporary = temporaryPath(dirname(path));
  try {
    await symlink(target, temporary);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await discard(temporary);
    throw fileError(code, 'write', path, error);
  }
}

/** A file that nobody refers to yet, on disk with owner and mode. Throws what the system threw. */
export async function writeNewFile(path: string, spec: FileSpec): Promise<void> {
  const mode = spec.mode ?? 0o600;
  const file = await open(path, 'wx', mode & 0o600);
  try {
    await file.writeFile(spec.content);
    if (spec.uid !== undefined || spec.gid !== undefined) await file.chown(spec.uid ?? -1, spec.gid ?? -1);
    // After chown, which clears bits of the mode; and open's mode was subject to the umask.
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Removes what nobody needs. A disk that refuses even this has refused something before, and that is what has to be
 * told; the next writer sweeps.
 */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

/** Makes renames in that folder survive a power failure. */
export async function syncDirectory(path: string): Promise<void> {
  const directory: FileHandle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } catch (error) {
    // Some network and FUSE file systems cannot sync a folder; there is nothing better to do on them.
    if (errnoOf(error) !== 'EINVAL') throw error;
  } finally {
    await directory.close();
  }
}

/** Removes what a process left behind that was killed while writing. The caller is the only writer (a lock). */
export async function sweepTemporaries(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (TEMPORARY.test(name)) await rm(join(directory, name), { recursive: true, force: true });
}

/** @returns null when there is no such file */
export async function readText(path: string, code: ErrorCode): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fileError(code, 'read', path, error);
  }
}

/** @returns false when there was no such file */
export async function removeFile(path: string, code: ErrorCode): Promise<boolean> {
  try {
    await unlink(path);
    await syncDirectory(dirname(path));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(code, 'remove', path, error);
  }
}
