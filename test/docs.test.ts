import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { jsonSchema } from '../src/config/json-schema.ts';
import { ERROR_CODES } from '../src/errors.ts';
import { FINDINGS } from '../src/federation/finding.ts';
import { WARNINGS } from '../src/federation/warning.ts';
import { CONDITIONS } from '../src/health/finding.ts';
import { runProgram } from '../src/commands/program.ts';
import { allAdapters } from '../providers/registry.ts';
import { providerTable } from './support/provider-table.ts';
import { createTestShell } from './support/test-shell.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Document {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
}

describe('the documents', () => {
  const documents = findDocuments();
  const named = (path: string): string => documents.find((each) => each.path === path)?.text ?? '';
  const folder = temporaryFolder();
  let commands: ReadonlyMap<string, Command>;

  before(async () => {
    commands = await programCommands();
  });

  it('explain every error code, and no other', () => {
    const rows = firstCells(named('docs/operations.md')).filter((cell) => cell.startsWith('E_'));
    assert.deepEqual(rows.sort(), Object.keys(ERROR_CODES).sort());
  });

  it('explain every warning, and no other', () => {
    const rows = tablesHeaded(named('docs/operations.md'), 'warning').map(([code = '']) => unquote(code));
    assert.deepEqual(rows.sort(), Object.keys(WARNINGS).sort());
  });

  it('name no error code that does not exist', () => {
    const known = new Set(Object.keys(ERROR_CODES));
    const found = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\bE_[A-Z][A-Z_]*[A-Z]\b/g)].map(([code]) => ({ path, code })),
    );
    assert.deepEqual(
      found.filter(({ code }) => !known.has(code)),
      [],
    );
  });

  for (const [command, findings] of [
    ['check', FINDINGS],
    ['doctor', CONDITIONS],
  ] as const)
    it(`explain every finding of ${command} with its severity, and no other`, () => {
      const rows = tablesHeaded(named(`docs/${command}.md`), 'code');
      assert.deepEqual(
        rows.map(([code = '', severity, title]) => [unquote(code), severity, title]),
        Object.entries(findings).map(([code, [severity, title]]) => [code, severity, title]),
      );
      assert.ok(rows.every((cells) => (cells[3] ?? '') !== ''));
    });

  it('name every command, and each of its options', () => {
    const text = ['README.md', 'docs/operations.md', 'docs/configuration.md'].map(named).join('\n');
    const absent = [...commands.values()].flatMap(({ path, own }) => [
      ...(path === '' || text.includes(`delegated ${path}`) ? [] : [path]),
      ...own.filter((flag) => !text.includes(flag)),
    ]);
    assert.deepEqual(absent, []);
  });

  it('name no command and no option that the program lacks', () => {
    const wrong = documents.flatMap(({ path, text }) =>
      invocations(text).flatMap((words) => complaint(words, commands).map((why) => `${path}: ${why}`)),
    );
    assert.deepEqual(wrong, []);
  });

  it('describe every setting of the config with its default, and no other', () => {
    const rows = tableRows(named('docs/configuration.md')).filter(([key = '']) =>
      /^`[a-zA-Z]+(?:[.[*\]]|`)/.test(key),
    );
    assertDescribed(rows, settingsOf(jsonSchema(new Map())));
  });

  it('describe every setting of each provider type, the variables that stand in for it, and no other', async () => {
    for (const [type, { options, environment }] of await allAdapters()) {
      const readme = named(`providers/${type}/README.md`);
      const rows = tablesHeaded(readme, 'setting');
      assertDescribed(rows, settingsOf(z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' })));
      for (const variable of Object.values(environment).flat())
        assert.ok(readme.includes(`\`${variable}\``), `${type} does not name ${variable}`);
    }
  });

  it('list the provider types as they are', async () => {
    const table = providerTable(await allAdapters());
    const listed = tableRows(named('docs/providers.md')).map((cells) => cells.join(' | '));
    assert.deepEqual(
      listed.filter((line) => !/^[- |]+$/.test(line)),
      table.map((cells) => cells.join(' | ')),
      'npm run docs writes it anew',
    );
  });

  it('show configs that the program accepts', async function () {
    this.timeout(60_000);
    const configs = [
      ...documents.flatMap(({ text }) =>
        fences(text, 'yaml').filter((code) => code.startsWith('version: 1')),
      ),
      ...filesIn('deploy/examples', '.yaml').map((path) => readFileSync(join(ROOT, path), 'utf8')),
    ];
    assert.ok(configs.length > 3);
    for (const config of configs) {
      const file = join(folder(), 'config.yaml');
      // Their secrets lie on other people's machines.
      writeFileSync(file, config.replace(/\{ (?:file|env|credential): [^}]*\}/g, 'c2VjcmV0'), {
        mode: 0o600,
      });
      const shell = createTestShell();
      const code = await runProgram(['config', 'check', '-c', file], shell);
      assert.equal(code, 0, shell.complained());
    }
  });

  it('link to files and headings that exist', () => {
    const dead = documents.flatMap(({ path, text }) =>
      links(text).flatMap((link) => {
        const [target = '', anchor] = link.split('#');
        const file = target === '' ? join(ROOT, path) : join(ROOT, dirname(path), target);
        const found = statSync(file, { throwIfNoEntry: false });
        if (found === undefined) return [`${path}: ${link}`];
        const headed = anchor === undefined || headings(readFileSync(file, 'utf8')).includes(anchor);
        return headed ? [] : [`${path}: ${link}`];
      }),
    );
    assert.deepEqual(dead, []);
  });

  it('are all found from the README', () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const link of links(named(path))) visit(join(dirname(path), link.split('#')[0] ?? ''));
    };
    visit('README.md');
    const lost = documents.filter(({ path }) => path.startsWith('docs/') && !reached.has(path));
    assert.deepEqual(
      lost.map(({ path }) => path),
      [],
    );
  });
});

function findDocuments(): Document[] {
  const paths = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...['docs', 'deploy', 'providers'].flatMap((folder) => filesIn(folder, '.md')),
  ];
  return paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

function filesIn(folder: string, extension: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

// --- Markdown ----------------------------------------------------------------------------------------------------

function tableRows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The rows of those tables whose first column has this head. */
function tablesHeaded(text: string, head: string): string[][] {
  return text.split(/\n(?!\|)/).flatMap((block) => {
    const [first, , ...rows] = tableRows(block);
    return first?.[0] === head ? rows : [];
  });
}

function assertDescribed(rows: readonly string[][], settings: ReadonlyMap<string, string | undefined>): void {
  assert.deepEqual([...new Set(rows.map(([key = '']) => unquote(key)))].sort(), [...settings.keys()].sort());
  for (const [key = '', , fallback = ''] of rows) {
    const value = settings.get(unquote(key));
    if (value !== undefined) assert.match(fallback, new RegExp(`\`"?${value}"?\``), key);
  }
}

function firstCells(text: string): string[] {
  return tableRows(text).map(([cell = '']) => unquote(cell));
}

function unquote(cell: string): string {
  return cell.replaceAll('`', '');
}

function fences(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, of, code = '']) =>
    of === language ? [code] : [],
  );
}

/** Everything that is set as code: fences, indented lines, spans. */
function codeLines(text: string): string[] {
  const fenced = [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].flatMap(([, code = '']) =>
    code.split('\n'),
  );
  const rest = text.replace(/^```\w*\n[\s\S]*?^```$/gm, '');
  const indented = [...rest.matchAll(/^ {4}(.*)$/gm)].map(([, code = '']) => code);
  const spans = [...rest.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...fenced, ...indented, ...spans];
}

function links(text: string): string[] {
  const prose = text.replace(/^```\w*\n[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** As GitHub makes anchors of them. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

// --- The program -------------------------------------------------------------------------------------------------

interface Command {
  /** `config check`; empty for the program itself. */
  readonly path: string;
  readonly flags: readonly string[];
  /** Those that not every command has. */
  readonly own: readonly string[];
  readonly children: readonly string[];
}

/** What `--help` tells of itself and of all below: the truth that a person would find. */
async function programCommands(): Promise<ReadonlyMap<string, Command>> {
  const commands = new Map<string, Command>();
  let everywhere: ReadonlySet<string> = new Set();
  const visit = async (path: string): Promise<void> => {
    const help = await helpOf(path);
    const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = '']) => flag);
    if (path === '') everywhere = new Set(flags);
    const list = help.split('Commands:\n')[1] ?? '';
    const children = [...list.matchAll(/^ {2}([a-z-]+)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help');
    commands.set(path, { path, flags, own: flags.filter((flag) => !everywhere.has(flag)), children });
    for (const child of children) await visit(`${path} ${child}`.trim());
  };
  await visit('');
  return commands;
}

async function helpOf(path: string): Promise<string> {
  const shell = createTestShell();
  const words = path.split(' ').filter((word) => word !== '');
  assert.equal(await runProgram([...words, '--help'], shell), 0, shell.complained());
  return shell.printed();
}

/** The arguments of each `delegated …` that a person could type, and options that stand alone. */
function invocations(text: string): string[][] {
  return codeLines(text).flatMap((line) => {
    const alone = /^--[a-z][a-z-]*$/.exec(line);
    if (alone !== null) return [[line]];
    const call = /(?:^|\$ |&& |sudo (?:-u \S+ )?|\/bin\/)delegated\s+([^#|&>;…]+)/.exec(line);
    return call?.[1] === undefined ? [] : [call[1].trim().split(/\s+/)];
  });
}

function complaint(words: readonly string[], commands: ReadonlyMap<string, Command>): string[] {
  const flags = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0] ?? '');
  if (words.length === 1 && flags.length === 1) {
    const known = [...commands.values()].some((each) => each.flags.includes(flags[0] ?? ''));
    return known || flags[0] === '--help' ? [] : [`no command has ${String(flags[0])}`];
  }
  let at = '';
  for (const word of words.filter((each) => /^[a-z][a-z-]*$/.test(each))) {
    const children = commands.get(at)?.children ?? [];
    if (children.length === 0) break;
    if (!children.includes(word)) return [`there is no "delegated ${`${at} ${word}`.trim()}"`];
    at = `${at} ${word}`.trim();
  }
  const known = commands.get(at)?.flags ?? [];
  return flags
    .filter((flag) => flag !== '--help' && !known.includes(flag))
    .map((flag) => `"delegated ${at}" has no ${flag}`);
}

// --- The config --------------------------------------------------------------------------------------------------

/** Every setting, `sites.*.srv[].port`, with its default where that is one word. */
function settingsOf(schema: unknown): ReadonlyMap<string, string | undefined> {
  const settings = new Map<string, string | undefined>();
  const walk = (node: unknown, path: string): void => {
    if (!isMapping(node)) return;
    for (const keyword of ['anyOf', 'oneOf', 'allOf'])
      for (const branch of listOf(node[keyword])) walk(branch, path);
    walk(node['then'], path);
    walk(node['items'], `${path}[]`);
    walk(node['additionalProperties'], `${path}.*`);
    const { properties } = node;
    if (!isMapping(properties)) return;
    for (const [key, value] of Object.entries(properties)) {
      const inner = path === '' ? key : `${path}.${key}`;
      settings.set(inner, settings.get(inner) ?? wordOf(isMapping(value) ? value['default'] : undefined));
      walk(value, inner);
    }
  };
  walk(schema, '');
  return settings;
}

function wordOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? JSON.stringify(value) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
