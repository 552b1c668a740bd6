/**
 * Who may import whom. The table is the architecture: nouns are folders and pure, verbs are files that speak through
 * ports, and only `io` and the providers touch the world.
 */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const NOUNS = [
  'errors',
  'dns',
  'http',
  'matrix',
  'federation',
  'health',
  'acme',
  'certificate',
  'schedule',
  'config',
];

/** A part is a folder of src or a file of its own; `verbs` are all other files of src. Each may import itself. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  // What things are.
  errors: [],
  dns: ['errors'],
  matrix: ['errors', 'dns'],
  federation: ['errors', 'dns', 'matrix', 'node:crypto'],
  health: ['federation'],
  http: ['errors'],
  acme: ['errors', 'dns', 'http', 'node:crypto'],
  certificate: ['errors', 'dns', 'node:crypto'],
  schedule: ['errors', 'dns', 'certificate'],
  config: [...NOUNS, 'ports', 'yaml', 'zod'],

  // What the verbs speak through, and what they tell.
  provider: ['errors', 'dns'],
  ports: [...NOUNS, 'provider'],
  report: [...NOUNS, 'ports'],

  // What is done.
  verbs: [...NOUNS, 'ports', 'report'],

  // The world.
  io: [...NOUNS, 'ports', 'node:*', 'npm:*'],
  adapter: ['provider', 'zod'],
  // What adapters have in common; an adapter never imports another one.
  'providers/floor': ['provider', 'errors', 'dns', 'http', 'zod'],
  'providers/NAME': ['adapter', 'providers/floor', 'provider', 'errors', 'dns', 'http', 'node:*', 'npm:*'],
  'providers/third-party': ['adapter', 'provider', 'errors', 'dns', 'zod', 'node:*'],
  kit: ['adapter', 'provider', 'errors', 'providers/third-party'],
  registry: ['adapter', 'provider', 'errors', 'config', 'providers/*', 'node:*', 'npm:*'],

  // What puts it all together. Nothing imports these but themselves.
  commands: [...NOUNS, 'ports', 'report', 'verbs', 'io', 'registry', 'node:*', 'npm:*'],
  main: ['errors', 'io', 'commands', 'version', 'node:*'],
  version: ['package.json'],
};

/** The only file that may say `process`. */
const PROCESS_FILE = 'src/main.ts';
/** Loads third-party adapters by a name that the config gives. */
const LOADER = 'providers/third-party/load-adapter.ts';
const MOST_LINES = 300;

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Source {
  /** Relative to the root, such as `src/dns/plan.ts`. */
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
}

describe('the imports', () => {
  let sources: readonly Source[];
  before(async () => {
    sources = await readSources();
  });

  it('are read from every file, and in every form', () => {
    assert.ok(sources.length > 80);
    const code = [
      "import { a,\n  type B } from './static.ts';",
      "import type { C } from './type.ts';",
      "export type { D } from './re-export.ts';",
      "import './effect.ts';",
      "const e = await import('./dynamic.ts');",
      "type F = import('./inline-type.ts').F;",
    ].join('\n');
    const names = ['static', 'type', 're-export', 'effect', 'dynamic', 'inline-type'];
    assert.deepEqual(specifiersOf(code).sort(), names.map((name) => `./${name}.ts`).sort());
  });

  it('of every file are those that the table allows', () => {
    const offences = sources.flatMap((source) => {
      const part = partOf(source.path);
      if (rowOf(part) === undefined) return [`${source.path} has no row in the table`];
      return importsOf(source)
        .filter((imported) => !mayImport(part, imported))
        .map((imported) => `${source.path} imports ${imported}, which ${part} may not`);
    });
    assert.deepEqual(offences, []);
  });

  it('name what they load, so that this test can read it', () => {
    const offences = sources.filter(
      ({ path, code }) => path !== LOADER && /\b(?:import|require)\(\s*[^'\s]/.test(code),
    );
    assert.deepEqual(
      offences.map(({ path }) => path),
      [],
    );
  });

  it('carry the suffix of the file', () => {
    const offences = sources.flatMap(({ path, code }) =>
      specifiersOf(code)
        .filter((specifier) => specifier.startsWith('.') && !/\.(?:ts|json)$/.test(specifier))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    assert.deepEqual(offences, []);
  });
});

describe('the sources', () => {
  let sources: readonly Source[];
  before(async () => {
    sources = await readSources();
  });

  it('say `process` only in the composition root', () => {
    const says = /(?<![\w.'"`-])process\s*(?:\.|\[)|['"](?:node:)?process['"]/;
    const offences = sources.filter(({ path, code }) => path !== PROCESS_FILE && says.test(code));
    assert.deepEqual(
      offences.map(({ path }) => path),
      [],
    );
  });

  it('take time and randomness from the ports, outside of the world', () => {
    const inside = sources.filter(({ path }) => !/^(?:src\/(?:io|commands)|providers)\//.test(path));
    const offences = inside.filter(({ code }) =>
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\./.test(code),
    );
    assert.deepEqual(
      offences.map(({ path }) => path),
      [],
    );
  });

  it('have no default export', () => {
    const offences = sources.filter(({ code }) => /^export default\b|\bas default\b/m.test(code));
    assert.deepEqual(
      offences.map(({ path }) => path),
      [],
    );
  });

  it(`have at most ${MOST_LINES} lines`, () => {
    const offences = sources
      .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MOST_LINES);
    assert.deepEqual(offences, []);
  });
});

async function readSources(): Promise<Source[]> {
  const found = await Promise.all(
    ['src', 'providers'].map(async (folder) => {
      const files = await readdir(join(ROOT, folder), { recursive: true });
      return files
        .filter((file) => file.endsWith('.ts'))
        .map((file) => posix.join(folder, file.replaceAll('\\', '/')));
    }),
  );
  return Promise.all(
    found.flat().map(async (path) => {
      const text = await readFile(join(ROOT, path), 'utf8');
      return { path, text, code: text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '') };
    }),
  );
}

/** `src/dns/plan.ts` → `dns`, `src/ports.ts` → `ports`, `src/issue.ts` → `verbs`, `providers/x/y.ts` → `providers/x`. */
function partOf(path: string): string {
  const [top, first = '', second] = path.split('/');
  const name = first.replace(/\.ts$/, '');
  if (top === 'providers') return second === undefined ? name : `providers/${first}`;
  if (top !== 'src') return path;
  return second !== undefined || name in TABLE ? name : 'verbs';
}

function rowOf(part: string): readonly string[] | undefined {
  return TABLE[part] ?? (part.startsWith('providers/') ? TABLE['providers/NAME'] : undefined);
}

function mayImport(part: string, imported: string): boolean {
  const row = rowOf(part) ?? [];
  if (imported === part || row.includes(imported)) return true;
  if (imported.startsWith('providers/')) return row.includes('providers/*');
  if (imported.startsWith('node:')) return row.includes('node:*');
  return !isOurs(imported) && row.includes('npm:*');
}

function isOurs(part: string): boolean {
  return part === 'package.json' || rowOf(part) !== undefined;
}

/** The parts, node modules and packages that a file imports, statically, dynamically or as types. */
function importsOf({ path, code }: Source): string[] {
  return specifiersOf(code).map((specifier) => {
    if (specifier.startsWith('.')) return partOf(posix.join(posix.dirname(path), specifier));
    return specifier.startsWith('node:') ? specifier : packageOf(specifier);
  });
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const SPECIFIERS = [
  /^(?:import|export)\b[^'"();]*?\bfrom\s+['"]([^'"]+)['"]/gm,
  /^import\s+['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\brequire\(\s*['"]([^'"]+)['"]/gi,
];

function specifiersOf(code: string): string[] {
  return SPECIFIERS.flatMap((pattern) => [...code.matchAll(pattern)].map(([, specifier = '']) => specifier));
}
