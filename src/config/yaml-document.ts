import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { type ConfigProblem, type KeyPath, type Position, inFileOrder, pathText } from './problem.ts';

/** The text as data, with the way back from each key to its place in the text. */
export interface YamlDocument {
  readonly value: unknown;
  /** Of the key at the end of the path, or of its value; of the deepest key on the way that there is. */
  position(path: KeyPath, of: 'key' | 'value'): Position;
}

export type YamlResult =
  | { readonly ok: true; readonly document: YamlDocument }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const START: Position = { line: 1, column: 1 };
/** Stops aliases that multiply (the "billion laughs"). */
const MAX_ALIASES = 50;

/** Reads YAML 1.2 (core schema). Every syntax error is listed, and none quotes the text: a secret may stand there. */
export function readYaml(text: string): YamlResult {
  const lines = new LineCounter();
  // An editor's byte order mark is no part of the first key.
  const doc = parseDocument(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
    // Looked for below: the library compares every key with every other one, which thousands of sites notice.
    uniqueKeys: false,
    // With 'silent' the library says nothing of a second document either, and half a file would count.
    logLevel: 'error',
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return line < 1 ? START : { line, column: col };
  };
  const problem = (offset: number, message: string): ConfigProblem => ({ ...at(offset), path: '', message });
  const problems = [...doc.errors, ...doc.warnings].map((error) =>
    problem(error.pos[0], SYNTAX[error.code] ?? 'this is not YAML'),
  );
  problems.push(...lookThrough(doc, problem, problems.length === 0));
  if (problems.length > 0) return { ok: false, problems: inFileOrder(problems) };
  try {
    const value: unknown = doc.toJS({ maxAliasCount: MAX_ALIASES });
    return { ok: true, document: { value, position: (path, of) => at(offsetOf(doc, path, of)) } };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { ok: false, problems: [{ ...START, path: '', message: 'too many aliases (*name)' }] };
  }
}

const SYNTAX: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'an alias (*name) without a name; put a text that begins with "*" in quotes',
  BAD_DQ_ESCAPE:
    'an unknown escape in a double-quoted text; use single quotes, or write "\\\\" for a backslash',
  BAD_INDENT: 'the indentation does not fit the lines before',
  BAD_SCALAR_START: 'a text cannot begin with this character without quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys in one line; put a text that holds ": " in quotes',
  MISSING_CHAR: 'a closing quote, bracket, brace, comma or ":" is missing',
  MULTILINE_IMPLICIT_KEY: 'a key has to be in one line and end with ":"',
  MULTIPLE_DOCS: 'a second document begins here ("---"); the file may hold one only',
  RESOURCE_EXHAUSTION: 'the nesting is too deep',
  TAB_AS_INDENT: 'tabs cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'an unknown tag (!name); put a text that begins with "!" in quotes',
  UNEXPECTED_TOKEN: 'unexpected text here',
};

/**
 * What is YAML and still says nothing: an alias to nothing, a key with two values.
 * @param whole whether what stands there as a key is one for certain, and no piece of a secret
 */
function lookThrough(
  doc: Document,
  problem: (offset: number, message: string) => ConfigProblem,
  whole: boolean,
): ConfigProblem[] {
  const found: ConfigProblem[] = [];
  visit(doc, {
    Alias(_, alias) {
      if (alias.resolve(doc) === undefined) found.push(problem(startOf(alias) ?? 0, NO_ANCHOR));
    },
    Map(_, map, ancestors) {
      const seen = new Set<string>();
      for (const pair of map.items) {
        const key = keyOf(pair);
        if (seen.has(key)) {
          const path = whole ? pathText([...pathOf([...ancestors, map]), key]) : '';
          found.push({ ...problem(startOf(pair.key) ?? 0, TWICE), path });
        }
        seen.add(key);
      }
    },
  });
  return found;
}

const NO_ANCHOR =
  'an alias (*name) to an anchor (&name) that is not above it; put a text that begins with "*" in quotes';
const TWICE = 'the key stands twice in this mapping';

/** The keys on the way to the last of these nodes. */
function pathOf(nodes: readonly unknown[]): KeyPath {
  return nodes.flatMap((node, index): KeyPath => {
    if (isPair(node)) return [keyOf(node)];
    return isSeq(node) && index < nodes.length - 1 ? [node.items.indexOf(nodes[index + 1])] : [];
  });
}

function offsetOf(doc: Document, path: KeyPath, of: 'key' | 'value'): number {
  let node = follow(doc, doc.contents);
  let key = 0;
  for (const segment of path) {
    const step = into(node, segment);
    if (step === null) return key;
    key = step.key;
    node = follow(doc, step.value);
  }
  return of === 'key' ? key : (node?.range?.[0] ?? key);
}

function into(node: Node | null, segment: string | number): { key: number; value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => keyOf(item) === String(segment));
    return pair === undefined ? null : { key: startOf(pair.key) ?? 0, value: pair.value };
  }
  if (isSeq(node) && typeof segment === 'number' && segment < node.items.length) {
    const item = node.items[segment];
    return { key: startOf(item) ?? node.range?.[0] ?? 0, value: item };
  }
  return null;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function follow(doc: Document, value: unknown): Node | null {
  if (isAlias(value)) return value.resolve(doc) ?? null;
  return isNode(value) ? value : null;
}
