import type * as z from 'zod';
import { nearest } from './nearest.ts';
import { type ConfigProblem, type KeyPath, pathText } from './problem.ts';
import type { YamlDocument } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

/** What the schema found wrong, each at its place in the file and in words that say what was expected. */
export function issueProblems(
  issues: readonly Issue[],
  document: YamlDocument,
  knownKeys: (path: KeyPath) => readonly string[],
  prefix: KeyPath = [],
): ConfigProblem[] {
  return issues.flatMap((issue) => problemsOf(issue, document, knownKeys, prefix));
}

function problemsOf(
  issue: Issue,
  document: YamlDocument,
  knownKeys: (path: KeyPath) => readonly string[],
  prefix: KeyPath,
): ConfigProblem[] {
  const path = [
    ...prefix,
    ...issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment)),
  ];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const known = knownKeys(path);
      const guess = nearest(key, known);
      const help = guess === null ? `known here: ${known.join(', ')}` : `did you mean "${guess}"?`;
      return at(document, [...path, key], 'key', `unknown key; ${known.length === 0 ? 'remove it' : help}`);
    });
  if (issue.code === 'invalid_union') {
    // The alternative that came closest is the one that was meant: the one whose complaint lies deepest.
    const deepest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
    if (depth(deepest) > 0) return issueProblems(deepest, document, knownKeys, path);
    const expected = [...new Set(issue.errors.flat().map(expectation))].join(', or ');
    return [at(document, path, 'value', `expected ${expected}`)];
  }
  if (issue.code === 'invalid_key')
    return issue.issues.map((inner) => at(document, path, 'key', inner.message));
  const missing = issue.code === 'invalid_type' && valueAt(document.value, path) === undefined;
  if (missing)
    return [
      at(
        document,
        path.slice(0, -1),
        'key',
        `the key "${String(path.at(-1))}" is missing: expected ${expectation(issue)}`,
        path,
      ),
    ];
  return [at(document, path, 'value', messageOf(issue, valueAt(document.value, path)))];
}

function at(
  document: YamlDocument,
  path: KeyPath,
  of: 'key' | 'value',
  message: string,
  shown = path,
): ConfigProblem {
  return { ...document.position(path, of), path: pathText(shown), message };
}

function depth(issues: readonly Issue[]): number {
  return Math.max(
    0,
    ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)),
  );
}

function messageOf(issue: Issue, value: unknown): string {
  if (issue.code === 'custom') return issue.message;
  const shown =
    typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'a mapping') : JSON.stringify(value);
  return `expected ${expectation(issue)}, got ${shown}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value')
    return issue.values.length === 1
      ? JSON.stringify(issue.values[0])
      : `one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small') {
    if (issue.origin === 'array') return `at least ${issue.minimum} item`;
    return issue.origin === 'string' ? 'a text that is not empty' : `at least ${issue.minimum}`;
  }
  if (issue.code === 'too_big') return `at most ${issue.maximum}`;
  return issue.message;
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (inner, segment) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, segment) : undefined,
    value,
  );
}
