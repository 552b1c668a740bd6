import type { Shell } from '../../src/commands/shell.ts';
import { createRedactor } from '../../src/io/redaction.ts';
import { THIS_PROCESS } from './this-process.ts';

export interface TestShell extends Shell {
  /** What was written to stdout. */
  printed(): string;
  complained(): string;
}

/** A shell that nobody looks at. */
export function createTestShell(env: Readonly<Record<string, string>> = {}): TestShell {
  let out = '';
  let err = '';
  return {
    env,
    host: THIS_PROCESS,
    redactor: createRedactor(),
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    inIsTerminal: false,
    readLine: () => Promise.resolve(null),
    outIsTerminal: false,
    errIsTerminal: false,
    signal: new AbortController().signal,
    onHangup: () => () => undefined,
    version: '1.2.3',
    printed: () => out,
    complained: () => err,
  };
}
