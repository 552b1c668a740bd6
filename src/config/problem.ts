import { DelegatedError } from '../errors.ts';

/** Line and column count from 1; the column in UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type KeyPath = readonly (string | number)[];

/** One thing that is wrong in the config file. */
export interface ConfigProblem extends Position {
  /** Such as `sites."example.org".srv[0].port`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what was expected; never holds a secret. */
  readonly message: string;
}

/** `config.yaml:4:11: sites."example.org".srv[0].port: expected an integer from 0 to 65535, got 99999` */
export function problemText(file: string, problem: ConfigProblem): string {
  const place = `${file}:${problem.line}:${problem.column}:`;
  return problem.path === '' ? `${place} ${problem.message}` : `${place} ${problem.path}: ${problem.message}`;
}

/** All of them, one a line, in the order of the file. */
export function configError(file: string, problems: readonly ConfigProblem[]): DelegatedError {
  return new DelegatedError('E_CONFIG', problems.map((problem) => problemText(file, problem)).join('\n'), {
    hint: 'correct the file; nothing was run (`delegated config schema` prints every key with its meaning)',
  });
}

export function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

export function pathText(path: KeyPath): string {
  return path.map(segmentText).join('').replace(/^\./, '');
}

function segmentText(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`;
  return /^[A-Za-z_][\w-]*$/.test(segment) ? `.${segment}` : `.${JSON.stringify(segment)}`;
}
