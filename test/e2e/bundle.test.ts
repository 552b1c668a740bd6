import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PROGRAM } from './lab.ts';

const DIST = join(dirname(PROGRAM), '..');
const CHUNKS = join(DIST, 'chunks');
/** Octets. Unbundled, the SDK of Cloudflare alone is 120 MB on the disk. */
const MOST_OF_AN_SDK = 600_000;
/** What stands in an SDK and in nothing of ours. */
const MARKS = ['X-Stainless', 'googleapis.com/auth/cloud-platform', 'import("@aws-sdk/'];

/** The files that are loaded together with this one. */
async function loadedWith(file: string, seen = new Set<string>()): Promise<ReadonlySet<string>> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const code = await readFile(file, 'utf8');
  for (const [, specifier = ''] of code.matchAll(/(?:\bfrom|\bimport)\s*"(\.[^"]+)"/g))
    await loadedWith(join(dirname(file), specifier), seen);
  return seen;
}

async function chunk(prefix: string): Promise<string> {
  const found = (await readdir(CHUNKS)).filter(
    (name) => name.startsWith(`${prefix}-`) && name.endsWith('.js'),
  );
  assert.equal(found.length, 1, `${prefix}: ${found.join(', ')}`);
  return join(CHUNKS, found[0] ?? '');
}

describe('the built program', () => {
  it('loads no SDK with its commands, nor with another provider', async () => {
    const start = [PROGRAM, await chunk('program'), await chunk('registry'), await chunk('rfc2136')];
    for (const entry of start)
      for (const file of await loadedWith(entry)) {
        const code = await readFile(file, 'utf8');
        for (const mark of MARKS) assert.ok(!code.includes(mark), `${file} holds ${mark}`);
      }
  });

  it('has the SDKs of Cloudflare and Google in it, small, and that of Amazon not at all', async () => {
    for (const [name, mark] of [
      ['cloudflare', MARKS[0] ?? ''],
      ['google', MARKS[1] ?? ''],
    ] as const) {
      const file = await chunk(name);
      assert.ok((await stat(file)).size < MOST_OF_AN_SDK, name);
      assert.ok((await readFile(file, 'utf8')).includes(mark), name);
    }
    for (const name of await readdir(CHUNKS)) {
      const code = await readFile(join(CHUNKS, name), 'utf8');
      assert.ok(!code.includes('ListResourceRecordSetsCommand extends'), name);
    }
  });
});
