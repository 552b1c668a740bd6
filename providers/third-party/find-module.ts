import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DelegatedError } from '../../src/errors.ts';

const PACKAGE = /^pkg:((?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)$/i;
/** What Node looks for in `exports` when an `import` asks. */
const CONDITIONS = ['node', 'import', 'module-sync', 'default'];

/** `pkg:@scope/name`, or a path that begins with `./`, `../` or `/`. */
export function isThirdParty(type: string): boolean {
  return /^(?:pkg:|\.{0,2}\/)/.test(type);
}

/**
 * The file that a type means. A path is relative to the folder of the config; a package is looked for in the
 * node_modules there and above, then where this program is installed. Nothing is searched beyond that one name.
 * @throws DelegatedError E_PROVIDER_UNKNOWN
 */
export async function findModule(type: string, configFolder: string): Promise<string> {
  if (!type.startsWith('pkg:')) return findFile(resolve(configFolder, type));
  const name = PACKAGE.exec(type)?.[1];
  if (name === undefined)
    throw unknown(
      `"${type}" names no package`,
      'write pkg:name or pkg:@scope/name, without a path or a version',
    );
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [...new Set([...nodeModules(configFolder), ...nodeModules(here)])];
  for (const place of places) {
    const folder = join(place, name);
    const manifest = await readManifest(folder);
    if (manifest !== null) return entryOf(folder, manifest);
  }
  throw unknown(
    `the package ${name} is neither installed beside the config nor beside delegated`,
    `install it: \`npm install --prefix ${configFolder} ${name}\`, or \`npm install --global ${name}\``,
  );
}

async function findFile(file: string): Promise<string> {
  const found = await isFile(file);
  if (found) return file;
  throw unknown(
    `there is no file ${file}`,
    'a path is relative to the folder of the config file, and has its suffix: ./provider.mjs',
  );
}

/** The node_modules of a folder and of all above it, as Node looks for them. */
function nodeModules(folder: string): string[] {
  const parts = resolve(folder).split(sep);
  return parts
    .map((_, index) => parts.slice(0, parts.length - index).join(sep))
    .filter((above) => !above.endsWith(`${sep}node_modules`))
    .map((above) => join(above === '' ? sep : above, 'node_modules'));
}

async function readManifest(folder: string): Promise<Readonly<Record<string, unknown>> | null> {
  const file = join(folder, 'package.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return null;
    throw unknown(`${file} cannot be read`, 'the user that delegated runs as has to read the package', error);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isMapping(parsed)) return parsed;
  } catch {
    // Said below.
  }
  throw unknown(`${file} is no JSON object`, 'install the package again');
}

/** Its main entry, as `import` would have it. */
async function entryOf(folder: string, manifest: Readonly<Record<string, unknown>>): Promise<string> {
  const { exports, main } = manifest;
  const targets =
    exports === undefined || exports === null
      ? [...(typeof main === 'string' ? [main, `${main}.js`, join(main, 'index.js')] : []), 'index.js']
      : [exportedEntry(exports)].filter((target) => target !== null);
  for (const target of targets) {
    const file = resolve(folder, target);
    if (file.startsWith(folder + sep) && (await isFile(file))) return file;
  }
  throw unknown(
    `${join(folder, 'package.json')} names no entry that is there`,
    'its "exports" or "main" has to name the module with the provider',
  );
}

/** The target of `.` (https://nodejs.org/api/packages.html#exports, 2026-11). */
function exportedEntry(exports: unknown): string | null {
  const dotted = isMapping(exports) && Object.keys(exports).some((key) => key.startsWith('.'));
  return targetOf(dotted ? exports['.'] : exports);
}

function targetOf(target: unknown): string | null {
  if (typeof target === 'string') return target.startsWith('./') ? target : null;
  if (Array.isArray(target)) return target.map(targetOf).find((each) => each !== null) ?? null;
  if (!isMapping(target)) return null;
  const chosen = Object.entries(target).filter(([condition]) => CONDITIONS.includes(condition));
  return chosen.map(([, inner]) => targetOf(inner)).find((each) => each !== null) ?? null;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknown(message: string, hint: string, cause?: unknown): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNKNOWN', message, { hint, cause });
}
