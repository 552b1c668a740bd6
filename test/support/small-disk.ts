import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  readonly path: string;
  makeReadOnly(): Promise<void>;
  unmount(): Promise<void>;
}

/** A real file system of 64 KiB; null where this user may not mount one. */
export async function mountSmallDisk(path: string): Promise<SmallDisk | null> {
  await mkdir(path);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0755', 'tmpfs', path]);
  } catch {
    return null;
  }
  return {
    path,
    makeReadOnly: async () => void (await run('mount', ['-o', 'remount,ro', path])),
    unmount: async () => void (await run('umount', [path])),
  };
}
