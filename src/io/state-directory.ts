import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DelegatedError } from '../errors.ts';
import { errnoOf, fileError } from './file-error.ts';

/**
 * Looks at the state directory before anything in it is believed: who may write there can give us any key.
 * @returns false when there is none
 * @throws DelegatedError E_STATE
 */
export async function inspectStateDirectory(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    if (!found.isDirectory())
      throw new DelegatedError('E_STATE', `${path} is not a folder`, {
        hint: 'correct `state` in the config',
      });
    if ((found.mode & 0o022) !== 0)
      throw new DelegatedError('E_STATE', `${path} can be written to by others`, {
        hint: `chmod go-w ${path}; then look whether somebody changed something in it`,
      });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError('E_STATE', 'look at', path, error);
  }
}

/** @throws DelegatedError E_STATE */
export async function prepareStateDirectory(path: string): Promise<void> {
  if (await inspectStateDirectory(path)) return;
  try {
    await makeFolders(path);
  } catch (error) {
    throw fileError('E_STATE', 'create', path, error);
  }
  await inspectStateDirectory(path);
}

/**
 * Not by `recursive`, with which Node never comes back where the kernel answers ENOENT in a folder that exists, as in
 * /proc or below an automounter (Node 20 to 24, 2026-11).
 */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EEXIST') return;
    const above = dirname(path);
    if (errno !== 'ENOENT' || above === path || (await isThere(above))) throw error;
    await makeFolders(above);
    await makeFolders(path);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
