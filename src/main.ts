#!/usr/bin/env node
/** Composition root: argv, environment, signals, exit codes. The only file that says `process`. */
import { writeSync } from 'node:fs';
import * as module from 'node:module';
import { DelegatedError, asDelegatedError } from './errors.ts';
import { createRedactor } from './io/redaction.ts';
import { exitCodeOf } from './commands/exit-code.ts';
import type { Shell } from './commands/shell.ts';
import { VERSION } from './version.ts';

// Node keeps what it compiled from one run to the next, where it can (22.1 and later).
if ('enableCompileCache' in module && typeof module.enableCompileCache === 'function')
  module.enableCompileCache();

// The AWS SDK, where it is used, warns of Node 20 at each start; this variable is all that it offers against that.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const stopping = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // The second one is meant: whoever presses Ctrl-C twice does not want to wait for the clean-up.
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(
      new DelegatedError('E_ABORTED', `stopped by ${signal}`, {
        retry: { kind: 'backoff' },
        outcome: 'unknown',
      }),
    );
  });

// Without a listener Node opens a debugger on this signal, where every user of the machine can run code as ours.
process.on('SIGUSR1', () => undefined);

const redactor = createRedactor();

const shell: Shell = {
  env: process.env,
  host: {
    holder: `${process.pid} ${process.argv.slice(1, 4).join(' ')}`,
    kill: (pid, signal) => {
      process.kill(pid, signal);
    },
    monotonicMicroseconds: () => process.hrtime.bigint() / 1000n,
  },
  redactor,
  out: (text) => {
    write(process.stdout.fd, redactor.redact(text));
  },
  err: (text) => {
    write(process.stderr.fd, redactor.redact(text));
  },
  inIsTerminal: process.stdin.isTTY,
  readLine: async (options) =>
    (await import('./io/read-line.ts')).readLine(process.stdin, stopping.signal, options),
  outIsTerminal: process.stdout.isTTY,
  // A serial console says that it has none.
  ...(process.stdout.isTTY && process.stdout.columns > 0 ? { columns: process.stdout.columns } : {}),
  errIsTerminal: process.stderr.isTTY,
  signal: stopping.signal,
  onHangup(callback) {
    process.on('SIGHUP', callback);
    return () => process.off('SIGHUP', callback);
  },
  version: VERSION,
};

// Node would print such an error by itself, past the redactor.
process.on('uncaughtException', (error) => {
  shell.err(errorText(asDelegatedError(error)));
  process.exit(1);
});

const { runProgram } = await import('./commands/program.ts');
try {
  process.exitCode = await runProgram(process.argv.slice(2), shell);
} catch (thrown) {
  const error = asDelegatedError(thrown);
  shell.err(errorText(error));
  if (process.argv.includes('--json')) shell.out(`${JSON.stringify(errorDocument(error), null, 2)}\n`);
  process.exitCode = exitCodeOf(error);
}

/** Synchronous, so that nothing is lost when the process ends; a reader that went away is no error of ours. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'EAGAIN') continue;
      return;
    }
  }
}

function errorText({ code, message, hint, cause }: DelegatedError): string {
  const stack = code === 'E_BUG' && cause instanceof Error ? `${cause.stack ?? ''}\n` : '';
  return `delegated: ${code}: ${message}\n${hint === undefined ? '' : `  → ${hint}\n`}${stack}`;
}

function errorDocument({ code, message, hint }: DelegatedError): unknown {
  return {
    version: 1,
    ok: false,
    sites: [],
    errors: [{ code, message, ...(hint === undefined ? {} : { hint }) }],
  };
}
