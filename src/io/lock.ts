import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { aborted, BACKOFF, DelegatedError } from '../errors.ts';
import { errnoOf, fileError } from './file-error.ts';

export interface Lock {
  /** Idempotent. The kernel does the same when the process dies, however it dies. */
  release(): Promise<void>;
}

export interface LockOptions {
  /** False: throw E_LOCKED at once when somebody else holds it. */
  readonly wait: boolean;
  readonly signal: AbortSignal;
  /** Names us to whoever comes too late; the pid comes first. */
  readonly holder: string;
  /** Path of flock(1). */
  readonly flock?: string;
}

const CONFLICT = 75;

/**
 * A kernel lock (flock(2)) on a file. Node has no call for it, so flock(1) takes it on the file descriptor that it
 * inherits: the lock belongs to the open file, which stays ours when flock(1) has exited, and which no other child
 * inherits. The file is never removed: a lock on a file that has lost its name excludes nobody.
 * @throws DelegatedError E_LOCKED (retry: backoff), E_STATE, E_ABORTED
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  if (options.signal.aborted) throw aborted(options.signal);
  const file = await openLockFile(path);
  try {
    const status = await runFlock(file, options);
    if (options.signal.aborted) throw aborted(options.signal);
    if (status === CONFLICT && !options.wait) throw await locked(path);
    if (status !== 0)
      throw new DelegatedError('E_STATE', `cannot lock ${path}: flock(1) failed (${String(status)})`, {
        hint: 'the state directory must be on a file system with locks, not on every network file system',
        retry: BACKOFF,
      });
    await writeHolder(file, options.holder);
  } catch (error) {
    await closeQuietly(file);
    throw fileError('E_STATE', 'lock', path, error);
  }
  return { release: releaseOnce(file) };
}

function releaseOnce(file: FileHandle): () => Promise<void> {
  let released: Promise<void> | undefined;
  return () => (released ??= closeQuietly(file));
}

/** Whatever close(2) says of the disk, the descriptor is gone, and the lock with it. */
async function closeQuietly(file: FileHandle): Promise<void> {
  await file.close().catch((error: unknown) => {
    if (errnoOf(error) === undefined) throw error;
  });
}

/** For the message of whoever comes too late; a disk that is too full for it does not make the lock less ours. */
async function writeHolder(file: FileHandle, holder: string): Promise<void> {
  try {
    await file.truncate(0);
    await file.write(`${holder}\n`);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

async function openLockFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a+', 0o600);
  } catch (error) {
    throw fileError('E_STATE', 'open', path, error);
  }
}

async function runFlock(file: FileHandle, options: LockOptions): Promise<number | string | null> {
  const command = options.flock ?? '/usr/bin/flock';
  // Asked to stop while the file was being opened: nobody would tell the waiting child.
  if (options.signal.aborted) throw aborted(options.signal);
  const how = options.wait ? [] : ['-n', '-E', String(CONFLICT)];
  const child = spawn(command, [...how, '3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd], env: {} });
  // SIGKILL, and then its end is awaited: before that it might still take the lock on our descriptor.
  const stop = (): void => void child.kill('SIGKILL');
  options.signal.addEventListener('abort', stop);
  try {
    return await exitOf(child);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new DelegatedError('E_STATE', `${command} is missing, so nothing can be locked`, {
      hint: 'install util-linux (Debian has it always; Alpine: apk add util-linux)',
      cause: error,
    });
  } finally {
    options.signal.removeEventListener('abort', stop);
  }
}

/** Exit status, or the signal that ended it. */
async function exitOf(child: ChildProcess): Promise<number | string | null> {
  const args: unknown[] = await once(child, 'exit');
  const [status, signal] = args;
  if (typeof status === 'number') return status;
  return typeof signal === 'string' ? signal : null;
}

async function locked(path: string): Promise<DelegatedError> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, pid = '', command = ''] = /^(\d+) (.*)$/m.exec(text) ?? [];
  const known = pid !== '' && (await isRunning(pid));
  const who = known ? `process ${pid} (${command})` : 'another process';
  return new DelegatedError('E_LOCKED', `${who} holds the lock ${path}`, {
    hint: known
      ? 'nothing has to be done, it does the work; `delegated renew --wait` waits for it'
      : `it is none of ours, perhaps a backup under flock(1); \`fuser ${path}\` names it, and \`delegated renew --wait\` waits for it`,
    retry: BACKOFF,
  });
}

/** The name in the file stays when its process is gone, and somebody else may hold the lock since. */
async function isRunning(pid: string): Promise<boolean> {
  return stat(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
}
