import { access, constants, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DelegatedError } from '../errors.ts';
import { errnoOf } from '../io/file-error.ts';
import type { Shell } from './shell.ts';

/** @throws DelegatedError E_USAGE */
export async function refuseExisting(file: string): Promise<void> {
  if (file !== '-' && (await fileExists(file)))
    throw new DelegatedError('E_USAGE', `${file} is there already`, {
      hint: 'choose another file with -c, or edit that one; `-c -` prints to the terminal',
    });
}

/**
 * Before anybody has typed anything: whether a file can come to lie there. Makes nothing.
 * @throws DelegatedError E_USAGE
 */
export async function refuseUnwritable(file: string): Promise<void> {
  if (file === '-') return;
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder))
    try {
      if (!(await stat(folder)).isDirectory()) throw unwritable(file, `${folder} is no folder`);
      await access(folder, constants.W_OK | constants.X_OK);
      return;
    } catch (error) {
      if (error instanceof DelegatedError) throw error;
      const errno = errnoOf(error);
      // What is not there is made, and a file on the way is found further up.
      if (errno === 'ENOENT' || errno === 'ENOTDIR') continue;
      throw unwritable(file, `this user may not write into ${folder}`, error);
    }
}

/** @throws DelegatedError E_USAGE */
export async function makeFolderOf(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
  } catch (error) {
    throw unwritable(file, error instanceof Error ? error.message : String(error), error);
  }
}

/** @param file `-` for stdout */
export async function writeNew(file: string, text: string, { out }: Pick<Shell, 'out'>): Promise<void> {
  if (file === '-') return out(text);
  await refuseExisting(file);
  await makeFolderOf(file);
  try {
    // Secrets may come to stand in it.
    await writeFile(file, text, { flag: 'wx', mode: 0o640 });
  } catch (error) {
    throw unwritable(file, error instanceof Error ? error.message : String(error), error);
  }
}

function unwritable(file: string, why: string, cause?: unknown): DelegatedError {
  return new DelegatedError('E_USAGE', `cannot write ${file}: ${why}`, {
    hint: 'run it as root, or choose another file with -c',
    ...(cause === undefined ? {} : { cause }),
  });
}

export async function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
