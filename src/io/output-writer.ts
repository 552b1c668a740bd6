import { chmod, chown, lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CURRENT, type OutputFile } from '../certificate/layout.ts';
import { BACKOFF, DelegatedError } from '../errors.ts';
import type { OutputTarget, OutputWriter, StoredVersion } from '../ports.ts';
import { type AccountIds, accountIds } from './account-ids.ts';
import { type FileSpec, readText, sweepTemporaries, syncDirectory } from './atomic-file.ts';
import { makeFolder } from './atomic-folder.ts';
import { errnoOf, fileError, syscallOf } from './file-error.ts';
import { areLinksCurrent, removeLinks, removeUnaskedLink, writeLinks } from './output-links.ts';
import { writeCopies } from './output-copies.ts';
import { outputFiles } from './output-files.ts';

const CODE = 'E_OUTPUT';
const TRAVERSABLE = 0o755;

/** Writers hold the lock of the state directory: two of them in one output directory would sweep each other's files. */
export function createOutputWriter(): OutputWriter {
  return { isCurrent, write };
}

async function isCurrent(target: OutputTarget, version: StoredVersion): Promise<boolean> {
  const ids = await accountIds(target.owner, target.group);
  const files = outputFiles(target, version, ids);
  if (target.layout === 'links' && !(await leadThroughCurrent(target.directory, files.keys()))) return false;
  const folder = target.layout === 'links' ? join(target.directory, CURRENT) : target.directory;
  for (const [name, spec] of files) if (!(await holds(join(folder, name), spec))) return false;
  return true;
}

async function leadThroughCurrent(directory: string, names: Iterable<OutputFile>): Promise<boolean> {
  try {
    return await areLinksCurrent(directory, names);
  } catch (error) {
    throw fileError(CODE, 'look at', directory, error);
  }
}

async function write(target: OutputTarget, version: StoredVersion): Promise<void> {
  const ids = await accountIds(target.owner, target.group);
  const files = outputFiles(target, version, ids);
  try {
    await prepare(target.directory, ids);
    if (target.layout === 'links') await writeLinks(target.directory, version.id, files);
    else {
      await writeCopies(target.directory, files);
      // Links of an earlier layout would name an old version for ever.
      await removeLinks(target.directory);
    }
    await removeUnaskedLink(target.directory, files);
  } catch (error) {
    throw ownerError(error, target) ?? fileError(CODE, 'write to', target.directory, error);
  }
}

/** Makes the output directory where only the last part of its path is missing; more would hide a typing error. */
async function prepare(directory: string, ids: AccountIds): Promise<void> {
  if (await makeFolder(directory, TRAVERSABLE, CODE)) {
    await chown(directory, ids.uid ?? -1, ids.gid ?? -1);
    await chmod(directory, TRAVERSABLE);
    await syncDirectory(dirname(directory));
  }
  await sweepTemporaries(directory);
}

async function holds(path: string, spec: FileSpec): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (!found.isFile() || (found.mode & 0o7777) !== spec.mode) return false;
    if (spec.uid !== undefined && spec.uid !== found.uid) return false;
    if (spec.gid !== undefined && spec.gid !== found.gid) return false;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false;
    throw fileError(CODE, 'look at', path, error);
  }
  return (await readText(path, CODE)) === spec.content;
}

/** The failure as one about ownership, when it is one. */
function ownerError(error: unknown, target: OutputTarget): DelegatedError | null {
  const cause = error instanceof DelegatedError ? error.cause : error;
  if (errnoOf(cause) !== 'EPERM' || !['chown', 'fchown'].includes(syscallOf(cause) ?? '')) return null;
  const wanted = [target.owner ?? '', target.group ?? ''].join(':');
  return new DelegatedError('E_OUTPUT_OWNER', `may not give files in ${target.directory} to ${wanted}`, {
    hint: 'run as root; or leave out `owner` and add the user that delegated runs as to the group: a group that it is a member of works',
    retry: BACKOFF,
    cause: error,
  });
}
