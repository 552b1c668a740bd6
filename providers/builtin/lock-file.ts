import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { aborted, BACKOFF, DelegatedError } from '../../src/errors.ts';

const FLOCK = '/usr/bin/flock';
const MAX_WAIT_MS = 10_000;

/**
 * A kernel lock (flock(2)), taken by flock(1) on the file descriptor that it inherits: it belongs to the open file,
 * which stays ours when flock(1) has exited, and the kernel drops it when we die, however we die. A lock made by
 * link(2) would outlive a SIGKILL, and then nobody could tell whether its holder is alive. The file is never
 * removed: a lock on a file without a name excludes nobody.
 * @returns what releases it when closed
 * @throws DelegatedError E_PROVIDER_UNAVAILABLE (retry: backoff) after ten seconds, E_ABORTED
 */
export async function lockFile(path: string, signal: AbortSignal): Promise<FileHandle> {
  if (signal.aborted) throw aborted(signal);
  const file = await open(path, 'a', 0o600);
  try {
    await takeLock(file, path, AbortSignal.any([signal, AbortSignal.timeout(MAX_WAIT_MS)]));
    if (signal.aborted) throw aborted(signal);
    return file;
  } catch (error) {
    await file.close();
    throw signal.aborted ? aborted(signal) : error;
  }
}

async function takeLock(file: FileHandle, path: string, stop: AbortSignal): Promise<void> {
  const child = spawn(FLOCK, ['3'], { stdio: ['ignore', 'ignore', 'ignore', file.fd], env: {} });
  const kill = (): void => void child.kill('SIGKILL');
  stop.addEventListener('abort', kill);
  try {
    // Its end is awaited also when it is killed: before that it might still take the lock on our descriptor.
    await once(child, 'exit');
  } catch (error) {
    throw unavailable(`${FLOCK} cannot be run, so ${path} cannot be locked`, 'install util-linux', error);
  } finally {
    stop.removeEventListener('abort', kill);
  }
  if (child.exitCode === 0) return;
  if (stop.aborted)
    throw unavailable(
      `another process has held the lock ${path} for ${MAX_WAIT_MS / 1000} seconds`,
      'find it with `fuser` on that file and see why it hangs',
    );
  throw unavailable(
    `${path} cannot be locked: flock(1) failed (${child.exitCode ?? child.signalCode})`,
    'keep the state directory on a file system with locks',
  );
}

function unavailable(message: string, hint: string, cause?: unknown): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNAVAILABLE', message, { hint, retry: BACKOFF, cause });
}
