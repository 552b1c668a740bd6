import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { aborted, BACKOFF, DelegatedError, type Outcome } from '../../src/errors.ts';
import { lockFile } from './lock-file.ts';
import { formatZoneData, NO_DATA, parseZoneData, type ZoneData } from './zone-data.ts';

export interface ZoneStore {
  /**
   * What the file holds now, whoever wrote it. Costs one stat(2) while it is unchanged.
   * @throws DelegatedError E_STATE when it cannot be read or is damaged
   */
  read(): ZoneData;
  /**
   * Reads, edits and writes the file while no other process does; the same object back means: leave it. On disk
   * before it resolves.
   * @returns whether it was written
   * @throws DelegatedError E_STATE (the old file stands then), E_PROVIDER_UNAVAILABLE, E_ABORTED, and what `edit` throws
   */
  change(edit: (data: ZoneData) => ZoneData, signal: AbortSignal): Promise<boolean>;
  /** Everything that `change` does but the swap. */
  rehearse(signal: AbortSignal): Promise<void>;
  close(): void;
}

interface Loaded {
  readonly fd: number;
  readonly identity: string;
  readonly content: ZoneData | DelegatedError;
}

export function createZoneStore(path: string): ZoneStore {
  // Only the holder of the lock writes it, so what a killed process left there is in nobody's way.
  const draft = `${path}.new`;
  let loaded: Loaded | null = null;

  function read(): ZoneData {
    const content = load();
    if (content instanceof DelegatedError) throw content;
    return content;
  }

  function load(): ZoneData | DelegatedError {
    try {
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) {
        close();
        return NO_DATA;
      }
      if (loaded?.identity === identityOf(stat)) return loaded.content;
      const fresh = loadFile(path);
      close();
      loaded = fresh;
      return fresh.content;
    } catch (error) {
      return stateError('read', path, error);
    }
  }

  function close(): void {
    if (loaded !== null) closeSync(loaded.fd);
    loaded = null;
  }

  async function locked<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw aborted(signal);
    try {
      const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      if (made !== undefined) await syncDirectory(made);
      const lock = await lockFile(`${path}.lock`, signal);
      try {
        return await work();
      } finally {
        await lock.close();
      }
    } catch (error) {
      throw stateError('write', path, error);
    }
  }

  return {
    read,
    close,
    change: (edit, signal) =>
      locked(signal, async () => {
        const before = read();
        const after = edit(before);
        if (after === before) return false;
        await writeDraft(draft, formatZoneData(after));
        if (signal.aborted) throw aborted(signal);
        await rename(draft, path);
        await syncDirectory(path);
        return true;
      }),
    rehearse: (signal) =>
      locked(signal, async () => {
        await writeDraft(draft, formatZoneData(read()));
        await rm(draft);
      }),
  };
}

function loadFile(path: string): Loaded {
  const fd = openSync(path, 'r');
  try {
    const identity = identityOf(fstatSync(fd, { bigint: true }));
    return { fd, identity, content: contentOf(readFileSync(fd, 'utf8'), path) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function contentOf(text: string, path: string): ZoneData | DelegatedError {
  try {
    return parseZoneData(text);
  } catch (error) {
    return new DelegatedError('E_STATE', `${path} is damaged: its records cannot be read`, {
      hint: 'restore it from a backup; or remove it, and the next run writes the records again',
      retry: BACKOFF,
      cause: error,
    });
  }
}

/**
 * We write by rename only, so another inode is another version; and as long as we keep the one that we read open, no
 * other file gets its number. Size and time are for people who edit in place.
 */
function identityOf(stat: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}): string {
  return `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}

async function writeDraft(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Only then does the rename outlive a power failure; until then nobody knows which version does. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(dirname(path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    throw stateError('write', path, error, 'unknown');
  }
}

function stateError(
  doing: 'read' | 'write',
  path: string,
  error: unknown,
  outcome: Outcome = 'not-applied',
): DelegatedError {
  if (error instanceof DelegatedError) return error;
  if (!(error instanceof Error && 'code' in error)) throw error;
  return new DelegatedError('E_STATE', `cannot ${doing} ${path}: ${error.message}`, {
    hint: 'give the user that delegated runs as the state directory, and room on its disk',
    retry: BACKOFF,
    outcome,
    cause: error,
  });
}
