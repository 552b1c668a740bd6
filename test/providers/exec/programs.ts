import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const ZONE = 'example.test.';

/** The program of the README, as a person would paste it. */
export async function jsonProgram(folder: string): Promise<string> {
  const readme = await readFile(new URL('../../../providers/exec/README.md', import.meta.url), 'utf8');
  const [, program] = /^```js\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  assert.ok(program !== undefined);
  const file = join(folder, 'zone-program.mjs');
  await writeFile(file, program);
  return file;
}

/** Keeps `NAME VALUE` in a file, each once, NUL between them, and refuses what lego would not send. */
const LEGO = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const [verb, name, value, ...more] = process.argv.slice(2);
const { FILE } = process.env;
const inherited = Object.keys(process.env).filter((each) => !['PATH', 'HOME', 'LANG', 'FILE', 'TOKEN'].includes(each));
if (more.length > 0 || value === undefined || !name.endsWith('.') || inherited.length > 0) process.exit(64);
const line = name + ' ' + value;
const others = readFileSync(FILE, 'utf8').split('\\0').filter((each) => each !== '' && each !== line);
if (verb !== 'present' && verb !== 'cleanup') process.exit(64);
writeFileSync(FILE, [...others, ...(verb === 'present' ? [line] : [])].map((each) => each + '\\0').join(''));
`;

export async function legoProgram(folder: string): Promise<string> {
  const file = join(folder, 'update-dns.cjs');
  await writeFile(file, LEGO, { mode: 0o755 });
  return file;
}
