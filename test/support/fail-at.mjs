// Preloaded into the built program (NODE_OPTIONS=--import): the n-th operation on a file below FAIL_UNDER that FAIL_WITH
// is a possible answer to fails with it, once or from then on (FAIL_ON=once, onwards). So a test can walk through
// everything that a full or dying disk may refuse. How often it was asked is in FAIL_COUNT_FILE in the end.
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import os from 'node:os';
import { syncBuiltinESMExports } from 'node:module';

const { FAIL_AT, FAIL_WITH, FAIL_ON, FAIL_UNDER, FAIL_COUNT_FILE } = process.env;
const at = Number(FAIL_AT);
let count = 0;

const GROWS = ['open for writing', 'write', 'writeFile', 'mkdir', 'symlink', 'link', 'rename', 'sync'];
const CHANGES = [...GROWS, 'unlink', 'rm', 'chmod', 'chown', 'truncate'];
const READS = ['open', 'readFile', 'readdir', 'readlink', 'realpath', 'stat', 'lstat'];
/** What the kernel may answer to which operation. A full disk still removes, a read-only one still syncs. */
const POSSIBLE = {
  ENOSPC: GROWS,
  EDQUOT: GROWS,
  SHORT: ['write', 'writeFile'],
  EROFS: CHANGES.filter((name) => name !== 'sync' && name !== 'write' && name !== 'writeFile'),
  EIO: [...CHANGES, ...READS],
};

function fails(operation, path) {
  if (!String(path).startsWith(FAIL_UNDER) || !POSSIBLE[FAIL_WITH].includes(operation)) return false;
  count += 1;
  fs.writeFileSync(FAIL_COUNT_FILE, String(count));
  return FAIL_ON === 'onwards' ? count >= at : count === at;
}

/** As Node makes them. */
function failure(code, syscall, path) {
  const errno = -os.constants.errno[code];
  const error = new Error(`${code}: injected, ${syscall}${path === undefined ? '' : ` '${path}'`}`);
  return Object.assign(error, { errno, code, syscall, ...(path === undefined ? {} : { path }) });
}

const paths = new WeakMap();
const { open } = fsp;
fsp.open = async (path, flags = 'r', ...more) => {
  const writing = typeof flags === 'string' && /[wa+]/.test(flags);
  if (fails(writing ? 'open for writing' : 'open', path)) throw failure(FAIL_WITH, 'open', path);
  const handle = await open(path, flags, ...more);
  paths.set(handle, path);
  return handle;
};

for (const name of [...CHANGES, ...READS]) {
  const original = fsp[name];
  if (original === undefined || name === 'open') continue;
  fsp[name] = async (path, ...more) => {
    // The name that a link gets, and not what it leads to, is what the disk has to hold.
    const where = name === 'symlink' || name === 'link' ? more[0] : path;
    if (fails(name, where)) throw failure(FAIL_WITH === 'SHORT' ? 'ENOSPC' : FAIL_WITH, name, where);
    return original(path, ...more);
  };
}

const handle = await open(import.meta.filename, 'r');
const FileHandle = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ['write', 'writeFile', 'sync', 'chmod', 'chown', 'truncate']) {
  const original = FileHandle[name];
  FileHandle[name] = async function (...args) {
    if (!fails(name, paths.get(this) ?? '')) return original.apply(this, args);
    if (FAIL_WITH !== 'SHORT') throw failure(FAIL_WITH, name === 'sync' ? 'fsync' : `f${name}`);
    const [content] = args;
    const half = content.slice(0, Math.floor(content.length / 2));
    const written = await original.call(this, half);
    // write(2) says how far it came. Whoever goes on, as writeFile does, is told why it did not come further.
    if (name === 'write') return written;
    throw failure('ENOSPC', 'write');
  };
}
syncBuiltinESMExports();
