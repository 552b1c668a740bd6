import type * as z from 'zod';
import { nearest } from './nearest.ts';
import { type ConfigProblem, type KeyPath, pathText } from './problem.ts';
import { SECRET_FORMS } from './secrets.ts';
import type { YamlDocument } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

/** Where the issues come from. */
export interface IssueSource {
  readonly document: YamlDocument;
  /** The keys that a mapping at this path may have. */
  readonly knownKeys: (path: KeyPath) => readonly string[];
  /** Where the value stands that was checked. */
  readonly prefix: KeyPath;
  /** Whether the value there may be repeated in a message. Where a secret may stand it may not. */
  readonly mayShow: (path: KeyPath) => boolean;
}

/** What a schema found wrong, each at its place in the file and in words that say what was expected. */
export function issueProblems(issues: readonly Issue[], source: IssueSource): ConfigProblem[] {
  const misspelt = new Set<string>();
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? unknownKeys(issue.keys, pathOf(issue, source), source, misspelt)
      : [],
  );
  const others = issues.flatMap((issue) => {
    const path = pathOf(issue, source);
    // One typo is one problem, although it makes a key unknown and another one missing.
    if (issue.code === 'unrecognized_keys' || misspelt.has(pathText(path))) return [];
    if (issue.code === 'invalid_union') return alternativeProblems(issue, path, source);
    return [plainProblem(issue, path, source)];
  });
  return [...unknown, ...others];
}

function pathOf(issue: Issue, { prefix }: IssueSource): KeyPath {
  return [
    ...prefix,
    ...issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment)),
  ];
}

function unknownKeys(
  keys: readonly string[],
  path: KeyPath,
  { document, knownKeys }: IssueSource,
  misspelt: Set<string>,
): ConfigProblem[] {
  const known = knownKeys(path);
  return keys.map((key) => {
    const place = { ...document.position([...path, key], 'key'), path: pathText([...path, key]) };
    if (known.includes(key)) return { ...place, message: 'this key cannot stand beside the others here' };
    const guess = nearest(key, known);
    if (guess !== null) misspelt.add(pathText([...path, guess]));
    const list = known.length === 0 ? 'no key is known here' : `known here: ${known.join(', ')}`;
    return { ...place, message: `unknown key — ${guess === null ? list : `did you mean "${guess}"?`}` };
  });
}

/** The problems of the alternative that was meant: the one that fits best, if any has the right type at all. */
function alternativeProblems(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: KeyPath,
  source: IssueSource,
): ConfigProblem[] {
  const within = { ...source, prefix: path };
  const near = issue.errors.filter((issues) =>
    issues.every(
      ({ path: inner, code }) => inner.length > 0 || code === 'unrecognized_keys' || code === 'too_small',
    ),
  );
  const [unknown] = near.map((issues) => issues.filter(({ code }) => code === 'unrecognized_keys'));
  const known = source.knownKeys(path);
  const nowhereKnown = unknown?.some(
    (each) => each.code === 'unrecognized_keys' && each.keys.some((key) => !known.includes(key)),
  );
  if (unknown !== undefined && nowhereKnown === true && near.length > 1)
    return issueProblems(unknown, within);
  const [best] = near.toSorted((a, b) => a.length - b.length);
  const untouched = isEmptyMapping(valueAt(source.document.value, path));
  if (best === undefined || (untouched && near.length > 1)) return [plainProblem(issue, path, source)];
  return issueProblems(best, within);
}

function plainProblem(issue: Issue, path: KeyPath, source: IssueSource): ConfigProblem {
  const { document, mayShow } = source;
  const value = valueAt(document.value, path);
  if (value === undefined) {
    const { line, column } = document.position(path.slice(0, -1), 'key');
    return { line, column, path: pathText(path), message: `required key is missing: ${wanted(issue)}` };
  }
  const message = wanted(issue);
  const place = { ...document.position(path, 'value'), path: pathText(path) };
  if (!message.startsWith('expected')) return { ...place, message };
  const secretive = !mayShow(path);
  if (secretive && typeof value === 'object' && issue.code === 'invalid_type' && issue.expected === 'string')
    return { ...place, message: `expected ${SECRET_FORMS}, got ${shown(value)}` };
  const [expected = '', ...hints] = message.split(' — ');
  const got = secretive && !isShape(value) ? '' : `, got ${shown(value)}`;
  const known = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  if (typeof value === 'string' && wantsNumber(issue) && isNumber(value))
    hints.push('write it without quotes');
  else {
    const guess = typeof value === 'string' ? nearest(value, known) : null;
    if (guess !== null) hints.push(`did you mean "${guess}"?`);
  }
  return { ...place, message: [`${expected}${got}`, ...hints].join(' — ') };
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** The schema's own words where it has some, else ours; zod's speak of JavaScript. */
function wanted(issue: Issue): string {
  if (issue.code === 'custom' || issue.message.startsWith('expected')) return issue.message;
  if (issue.code === 'invalid_type') return `expected ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value')
    return `expected ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small') return `expected ${amount('at least', issue.minimum, issue.origin)}`;
  if (issue.code === 'too_big') return `expected ${amount('at most', issue.maximum, issue.origin)}`;
  if (issue.code === 'invalid_format' && issue.format !== 'regex')
    return `expected a text of the form ${issue.format}`;
  return 'expected another value';
}

function amount(bound: string, limit: number | bigint, origin: string): string {
  const what = origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '';
  return `${bound} ${limit}${what}`;
}

function wantsNumber(issue: Issue): boolean {
  if (issue.code === 'invalid_value') return issue.values.every((value) => typeof value === 'number');
  return issue.code === 'invalid_type' && (issue.expected === 'number' || issue.expected === 'int');
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}

const LONGEST_SHOWN = 60;

function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** What can be said of it gives nothing away. */
function isShape(value: unknown): boolean {
  return typeof value === 'object' || typeof value === 'boolean';
}

function isEmptyMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Undefined where there is nothing. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (inner, segment) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, segment)
        ? Reflect.get(inner, segment)
        : undefined,
    value,
  );
}
