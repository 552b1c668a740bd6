import { randomBytes } from 'node:crypto';
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { COMBINED_FILE, CURRENT, type OutputFile } from '../certificate/layout.ts';
import { discard, replaceLink, sweepTemporaries, syncDirectory, temporaryPath } from './atomic-file.ts';
import { makeFolder, writeFolder } from './atomic-folder.ts';
import { errnoOf } from './file-error.ts';
import type { OutputFiles } from './output-files.ts';

const CODE = 'E_OUTPUT';
const VERSIONS = '.versions';
const TRAVERSABLE = 0o755;

/**
 * `<output>/.versions/<id>/…`, `<output>/current -> .versions/<id>`, `<output>/privkey.pem -> current/privkey.pem` and
 * so on: all files change with the one rename of `current`. The version before stays, for a reader that has just
 * followed the link.
 */
export async function writeLinks(directory: string, id: string, files: OutputFiles): Promise<void> {
  const versions = join(directory, VERSIONS);
  const names = [...files.keys()];
  await makeFolder(versions, TRAVERSABLE, CODE);
  await sweepTemporaries(versions);
  await adoptPlainFiles(directory, names);
  const before = await liveFolder(directory);
  const folder = await freeName(versions, id);
  await writeFolder(join(versions, folder), Object.fromEntries(files), TRAVERSABLE, CODE);
  try {
    await replaceLink(join(VERSIONS, folder), join(directory, CURRENT), CODE);
    await linkStableNames(directory, names);
  } catch (error) {
    // The rename may have happened before the failure; what is live, or may be, is never removed.
    const live = await liveFolder(directory).catch(() => folder);
    if (live !== folder) await discard(join(versions, folder));
    throw error;
  }
  await removeOthers(versions, [folder, before]);
}

/** True when every stable name leads through `current`. */
export async function areLinksCurrent(directory: string, names: Iterable<OutputFile>): Promise<boolean> {
  if ((await liveFolder(directory)) === null) return false;
  for (const name of names)
    if ((await linkTarget(join(directory, name))) !== join(CURRENT, name)) return false;
  return true;
}

/** Takes away what this layout made, except the stable names. */
export async function removeLinks(directory: string): Promise<void> {
  if ((await liveFolder(directory)) === null) return;
  await rm(join(directory, CURRENT));
  await rm(join(directory, VERSIONS), { recursive: true });
  await syncDirectory(directory);
}

/** What is no longer asked for would lead nowhere. A plain file of that name may be somebody else's, and stays. */
export async function removeUnaskedLink(directory: string, files: OutputFiles): Promise<void> {
  const path = join(directory, COMBINED_FILE);
  if (files.has(COMBINED_FILE) || (await linkTarget(path)) !== join(CURRENT, COMBINED_FILE)) return;
  await rm(path);
  await syncDirectory(directory);
}

/**
 * Plain files of another tool (or of the other layout) would have to be replaced one after the other, and a reader
 * could meet the new key beside the old certificate. So the old files become a version of their own first, and the
 * stable names links to it: nothing changes for a reader until the one rename of `current`.
 */
async function adoptPlainFiles(directory: string, all: readonly OutputFile[]): Promise<void> {
  if ((await liveFolder(directory)) !== null) return;
  const names = await presentNames(directory, all);
  if (names.length === 0) return;
  const folder = `adopted-${randomToken()}`;
  if (!(await adoptInto(join(directory, VERSIONS, folder), directory, names))) return;
  await replaceLink(join(VERSIONS, folder), join(directory, CURRENT), CODE);
  for (const name of names) await replaceLink(join(CURRENT, name), join(directory, name), CODE);
}

/** @returns false where the system refuses (hard links to files of others, a link to nowhere): then it goes one by one */
async function adoptInto(folder: string, directory: string, names: readonly string[]): Promise<boolean> {
  const temporary = temporaryPath(dirname(folder));
  try {
    await mkdir(temporary);
    await chmod(temporary, TRAVERSABLE);
    for (const name of names) await adopt(join(directory, name), join(temporary, name));
    await syncDirectory(temporary);
    await rename(temporary, folder);
    await syncDirectory(dirname(folder));
    return true;
  } catch (error) {
    await discard(temporary);
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** A hard link keeps owner and mode of a file; a link of another tool is followed to its end. */
async function adopt(from: string, to: string): Promise<void> {
  if ((await linkTarget(from)) === null) await link(from, to);
  else await symlink(await realpath(from), to);
}

async function presentNames(directory: string, all: readonly OutputFile[]): Promise<OutputFile[]> {
  const present = await readdir(directory);
  return all.filter((name) => present.includes(name));
}

async function linkStableNames(directory: string, names: readonly OutputFile[]): Promise<void> {
  for (const name of names) {
    const target = join(CURRENT, name);
    const path = join(directory, name);
    if ((await linkTarget(path)) !== target) await replaceLink(target, path, CODE);
  }
}

/** A version folder never changes: the same version with other owners or modes goes into another folder. */
async function freeName(versions: string, id: string): Promise<string> {
  return (await readdir(versions)).includes(id) ? `${id}.${randomToken()}` : id;
}

/** The folder that `current` names; null when there is no such link of ours. */
async function liveFolder(directory: string): Promise<string | null> {
  const target = await linkTarget(join(directory, CURRENT));
  return target?.startsWith(`${VERSIONS}/`) === true ? target.slice(VERSIONS.length + 1) : null;
}

async function removeOthers(versions: string, keep: readonly (string | null)[]): Promise<void> {
  for (const name of await readdir(versions))
    if (!keep.includes(name))
      // The new version is live whether or not this works, and the next write tries again.
      await discard(join(versions, name));
}

/** Null for a plain file, and for nothing at all. */
async function linkTarget(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : null;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}

function randomToken(): string {
  return randomBytes(4).toString('hex');
}
