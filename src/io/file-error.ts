import { BACKOFF, DelegatedError, type ErrorCode } from '../errors.ts';

/** The errno name of a failed system call, such as `ENOSPC`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The system call that failed, such as `fchown`. */
export function syscallOf(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error && typeof error.syscall === 'string'
    ? error.syscall
    : undefined;
}

const WHAT_TO_DO: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['no space left', 'free space or inodes on that file system (df -h, df -i)'],
  EDQUOT: ['the disk quota is used up', 'raise the quota of the user, or free space'],
  EROFS: [
    'the file system is read-only',
    'remount it read-write; in a systemd unit add the folder to ReadWritePaths=',
  ],
  EACCES: [
    'permission denied',
    'give the user that delegated runs as the right to that path and every folder above it',
  ],
  EPERM: [
    'operation not permitted',
    'run as the owner of that path, or as root; look for an immutable flag (lsattr)',
  ],
  ENOENT: ['no such file or directory', 'create the folder, or correct the path in the config'],
  ENOTDIR: ['a part of the path is not a folder', 'correct the path in the config'],
  EISDIR: ['a folder stands where a file belongs', 'move the folder away'],
  ENOTEMPTY: ['a folder stands where a file belongs', 'move the folder away'],
  ELOOP: ['too many symbolic links', 'correct the links on that path'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter path'],
  EMFILE: ['too many open files', 'raise the limit of open files (LimitNOFILE=)'],
  ENFILE: ['too many open files', 'raise the limit of open files (fs.file-max)'],
  EIO: ['input/output error', 'check the disk (dmesg, smartctl)'],
};

/**
 * A failed file operation as one of ours. Always worth another try, since an administrator repairs the disk and the
 * rights without telling us.
 * @param doing verb for the message, such as `write`
 */
export function fileError(code: ErrorCode, doing: string, path: string, error: unknown): DelegatedError {
  if (error instanceof DelegatedError) return error;
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  const [what, hint] = WHAT_TO_DO[errno] ?? ['the operation failed', 'check that path'];
  return new DelegatedError(code, `cannot ${doing} ${path}: ${what} (${errno})`, {
    hint,
    retry: BACKOFF,
    cause: error,
  });
}
