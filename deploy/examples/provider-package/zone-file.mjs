import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from './failure.mjs';

const LOOK_AGAIN_MS = 15;

/**
 * The records of each zone: `{ "example.org.": [{ "name": "…", "type": "TXT", "ttl": 60, "value": "…" }] }`. Those of
 * other types than ours may have other fields; they stay as they are.
 *
 * @typedef {{ readonly name: string, readonly type: string, readonly ttl: number, readonly value: string }} ZoneRecord
 * @typedef {Readonly<Record<string, readonly ZoneRecord[]>>} Zones
 */

/**
 * Runs the work while nobody else reads or writes the file through this module, in this process or in another one.
 * Reading takes the lock as well: after a write that was given up, it waits until that write has come to its end.
 *
 * @template T
 * @param {string} file
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function locked(file, signal, work) {
  const path = await realpath(file).catch((error) => {
    throw unreadable(file, error);
  });
  const release = await lock(path, signal);
  try {
    if (signal.aborted) throw stopped('not-applied');
    return await work();
  } finally {
    await release();
  }
}

/**
 * An abstract socket of Linux (unix(7)): only one process can have its name, and the kernel takes it back from one that
 * dies. A lock file would stay behind after a crash, and to tell a stale one from a live one is a race.
 *
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function lock(path, signal) {
  const name = `\0delegated-zonefile-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
  for (;;) {
    if (signal.aborted) throw stopped('not-applied');
    const server = createServer((socket) => socket.destroy());
    try {
      await once(server.listen({ path: name, exclusive: true }), 'listening');
      return async () => {
        server.close();
        await once(server, 'close');
      };
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw error;
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * @param {string} file
 * @returns {Promise<Zones>}
 */
export async function readZones(file) {
  let text;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
  const zones = parse(text);
  if (zones !== null) return zones;
  // The words of JSON.parse would quote the file.
  throw failure('E_PROVIDER_UNAVAILABLE', `${file} does not hold zones with lists of records`, {
    hint: 'repair the file; it is looked at again by itself',
    retry: { kind: 'backoff' },
  });
}

/**
 * All of it or nothing: whoever reads the file sees the old text or the new one, after a crash as well.
 *
 * @param {string} file
 * @param {Zones} zones
 * @param {AbortSignal} signal
 */
export async function writeZones(file, zones, signal) {
  const path = await realpath(file);
  const next = `${path}.new`;
  const { mode } = await stat(path);
  await rm(next, { force: true });
  const handle = await open(next, 'wx', mode & 0o777);
  try {
    await handle.writeFile(`${JSON.stringify(zones, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (signal.aborted) {
    await rm(next, { force: true });
    throw stopped('not-applied');
  }
  await rename(next, path);
  const folder = await open(dirname(path));
  await folder.sync().finally(() => folder.close());
}

/** @param {import('matrix-delegated/provider').Outcome} outcome */
export function stopped(outcome) {
  return failure('E_ABORTED', 'stopped on request', { retry: { kind: 'backoff' }, outcome });
}

/**
 * @param {string} text
 * @returns {Zones | null}
 */
function parse(text) {
  try {
    const zones = JSON.parse(text);
    const good =
      typeof zones === 'object' &&
      zones !== null &&
      Object.values(zones).every((records) => Array.isArray(records) && records.every(isRecord));
    return good ? zones : null;
  } catch {
    return null;
  }
}

/** @param {any} record */
function isRecord(record) {
  return (
    typeof record?.name === 'string' &&
    typeof record.type === 'string' &&
    Number.isInteger(record.ttl) &&
    (typeof record.value === 'string' || !['SRV', 'TXT', 'CNAME'].includes(record.type))
  );
}

/**
 * @param {string} file
 * @param {unknown} cause
 */
function unreadable(file, cause) {
  return failure('E_PROVIDER_UNAVAILABLE', `${file} cannot be read (${codeOf(cause) ?? 'unknown reason'})`, {
    hint: 'create it with your zones in it, `{ "example.org.": [] }`, and let delegated read and write it and its folder',
    retry: { kind: 'backoff' },
    cause,
  });
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
