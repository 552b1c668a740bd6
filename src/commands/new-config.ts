import { access, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DelegatedError } from '../errors.ts';
import type { Shell } from './shell.ts';

/** @throws DelegatedError E_USAGE */
export async function refuseExisting(file: string): Promise<void> {
  if (file !== '-' && (await fileExists(file)))
    throw new DelegatedError('E_USAGE', `${file} is there already`, {
      hint: 'choose another file with -c, or edit that one; `-c -` prints to the terminal',
    });
}

/** @param file `-` for stdout */
export async function writeNew(file: string, text: string, { out }: Pick<Shell, 'out'>): Promise<void> {
  if (file === '-') return out(text);
  await refuseExisting(file);
  try {
    await mkdir(dirname(file), { recursive: true });
    // Secrets may come to stand in it.
    await writeFile(file, text, { flag: 'wx', mode: 0o640 });
  } catch (error) {
    throw new DelegatedError(
      'E_USAGE',
      `cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'choose another file with -c',
        cause: error,
      },
    );
  }
}

export async function fileExists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
