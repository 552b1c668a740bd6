// Preloaded into the built program (NODE_OPTIONS=--import): the process kills itself just before, or just after, the
// n-th time that it touches the world. So a test can walk through every point at which a machine may lose its power.
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.KILL_AT);
const after = process.env.KILL_WHEN === 'after';
const countFile = process.env.KILL_COUNT_FILE;
let count = 0;

function touch(act) {
  count += 1;
  if (countFile !== undefined) fs.writeFileSync(countFile, String(count));
  if (count !== at) return act();
  if (!after) process.kill(process.pid, 'SIGKILL');
  const result = act();
  if (!after || typeof result?.then !== 'function') process.kill(process.pid, 'SIGKILL');
  return result.finally(() => process.kill(process.pid, 'SIGKILL'));
}

for (const name of ['rename', 'mkdir', 'symlink', 'link', 'unlink', 'rm', 'writeFile']) {
  const original = fsp[name];
  fsp[name] = (...args) => touch(() => original(...args));
}
const handle = await fsp.open(import.meta.filename, 'r');
const FileHandle = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ['sync', 'write', 'writeFile', 'appendFile']) {
  const original = FileHandle[name];
  FileHandle[name] = function (...args) {
    return touch(() => original.apply(this, args));
  };
}
for (const name of ['renameSync', 'fsyncSync', 'symlinkSync', 'mkdirSync', 'unlinkSync', 'appendFileSync']) {
  const original = fs[name];
  fs[name] = (...args) => touch(() => original(...args));
}
for (const prototype of [net.Socket.prototype, tls.TLSSocket.prototype]) {
  if (!Object.hasOwn(prototype, 'write') && prototype !== net.Socket.prototype) continue;
  const original = prototype.write;
  prototype.write = function (...args) {
    return this.remoteAddress === undefined && this.connecting !== true
      ? original.apply(this, args)
      : touch(() => original.apply(this, args));
  };
}
syncBuiltinESMExports();
