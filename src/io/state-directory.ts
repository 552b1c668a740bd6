import { mkdir, stat } from 'node:fs/promises';
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
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError('E_STATE', 'create', path, error);
  }
  await inspectStateDirectory(path);
}
