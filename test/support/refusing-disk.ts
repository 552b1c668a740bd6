import fsp, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';

function failure(code: 'EIO' | 'EROFS' | 'ENOSPC', syscall: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall}`), {
    code,
    syscall,
    errno: -constants.errno[code],
  });
}

/** While the work runs, the n-th rename of this process fails, and every rm where that is said too. */
export async function refusingRename(
  n: number,
  { andRemoving = false }: { readonly andRemoving?: boolean },
  work: () => Promise<void>,
): Promise<void> {
  const { rename, rm } = fsp;
  let calls = 0;
  fsp.rename = async (...args) => {
    if ((calls += 1) === n) throw failure('EIO', 'rename');
    return rename(...args);
  };
  if (andRemoving) fsp.rm = () => Promise.reject(failure('EROFS', 'unlink'));
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    Object.assign(fsp, { rename, rm });
    syncBuiltinESMExports();
  }
}

/** While the work runs, each write(2) of a file handle takes half of what it is given, as on a disk that gets full. */
export async function writingInPieces(file: FileHandle, work: () => Promise<void>): Promise<void> {
  const prototype: unknown = Object.getPrototypeOf(file);
  if (!hasWrite(prototype)) throw new Error('this is no file handle');
  const { write } = prototype;
  prototype.write = function (this: FileHandle, content, ...more) {
    const [at = 0] = more.filter((each) => typeof each === 'number');
    const length = Math.ceil((content.length - at) / 2);
    return typeof content === 'string'
      ? write.call(this, content.slice(0, length))
      : write.call(this, content.subarray(at, at + length));
  };
  try {
    await work();
  } finally {
    prototype.write = write;
  }
}

interface Writing {
  write: (
    this: FileHandle,
    content: string | Uint8Array,
    ...more: readonly unknown[]
  ) => Promise<{ readonly bytesWritten: number }>;
}

function hasWrite(value: unknown): value is Writing {
  return typeof value === 'object' && value !== null && 'write' in value;
}
