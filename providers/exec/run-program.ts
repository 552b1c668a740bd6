import { type ChildProcess, spawn } from 'node:child_process';
import { BACKOFF, DelegatedError, NEVER, aborted } from '../../src/errors.ts';
import type { ProviderDeps } from '../adapter.ts';
import { notSent } from '../floor/not-sent.ts';
import type { ExecOptions } from './options.ts';

export interface ProgramRun {
  readonly args: readonly string[];
  readonly stdin: string;
  /** Completes "asked to …" in errors. */
  readonly to: string;
  /** Whether the other side may have another state afterwards. */
  readonly write: boolean;
}

export interface ProgramResult {
  /** `status 0`, `signal SIGSEGV`. */
  readonly end: string;
  readonly stdout: string;
  /** Its last words, secrets taken out, for errors. */
  readonly stderr: string;
}

export type RunProgram = (run: ProgramRun, signal: AbortSignal) => Promise<ProgramResult>;

const MOST_OCTETS = 1024 * 1024;
const LAST_WORDS = 300;
/** Milliseconds that we listen on when the program is gone, but something that it left behind holds its pipes. */
const DRAIN_MS = 500;
/** Shorter values are no secrets, and replacing them everywhere would garble what is shown. */
const SHORTEST_SECRET = 6;
const INHERITED = ['PATH', 'HOME', 'LANG'];

/**
 * Runs the program without a shell, in a process group of its own, which is killed whole when it is late, prints too
 * much or is not wanted any more.
 */
export function createRunner(options: ExecOptions, deps: Pick<ProviderDeps, 'env' | 'kill'>): RunProgram {
  const [program = '', ...fixed] = options.command;
  const inherited = INHERITED.flatMap((name) => {
    const value = deps.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const env = { ...Object.fromEntries(inherited), ...options.environment };
  const secrets = Object.values(options.environment).filter((value) => value.length >= SHORTEST_SECRET);

  return async ({ args, stdin, to, write }, signal) => {
    if (signal.aborted) throw notSent(signal);
    const fail = failing(program, to, write);
    const late = AbortSignal.timeout(options.timeout * 1_000);
    const stop = AbortSignal.any([signal, late]);
    const child = spawn(program, [...fixed, ...args], { detached: true, stdio: 'pipe', env });
    const kill = (): void => killGroup(child, deps.kill);
    const printed = { stdout: collect(child, 'stdout'), stderr: collect(child, 'stderr') };
    let flooded = false;
    child.stdout.on('data', () => {
      if (printed.stdout().length <= MOST_OCTETS) return;
      flooded = true;
      kill();
    });
    // A program that does not read its stdin is free not to.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    const end = await Promise.race([ended(child), fired(stop)]).catch((error: unknown) => {
      throw notFound(program, error);
    });
    if (end === null) {
      kill();
      release(child);
      if (signal.aborted) throw write ? aborted(signal) : notSent(signal);
      throw fail('E_PROVIDER_TIMEOUT', `did not end within ${options.timeout} s`);
    }
    if (flooded) throw fail('E_PROVIDER_UNAVAILABLE', 'printed more than 1 MiB');
    return {
      end,
      stdout: printed.stdout().toString('utf8'),
      stderr: lastWords(printed.stderr().toString('utf8'), secrets),
    };
  };
}

/** `answers: …` or `ended with …`, as one of ours. */
export function failing(
  program: string,
  to: string,
  write: boolean,
): (code: 'E_PROVIDER_UNAVAILABLE' | 'E_PROVIDER_TIMEOUT', what: string) => DelegatedError {
  return (code, what) =>
    new DelegatedError(code, `${program}, asked to ${to}, ${what}`, {
      hint: 'run the program by hand, as the user of delegated and with its environment only',
      retry: BACKOFF,
      outcome: write ? 'unknown' : 'not-applied',
    });
}

function notFound(program: string, error: unknown): DelegatedError {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return new DelegatedError('E_PROVIDER_UNSUPPORTED', `${program} cannot be started (${reason})`, {
    hint: 'does the file of `command` exist, and may the user of delegated execute it?',
    retry: NEVER,
  });
}

/** @throws what spawn(2) says */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      setTimeout(() => {
        release(child);
      }, DRAIN_MS).unref();
    });
    child.once('close', (status, signal) => {
      resolve(status === null ? `signal ${String(signal)}` : `status ${status}`);
    });
  });
}

function fired(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

function killGroup({ pid }: ChildProcess, kill: ProviderDeps['kill']): void {
  if (pid === undefined) return;
  try {
    kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function release({ stdin, stdout, stderr }: ChildProcess): void {
  for (const stream of [stdin, stdout, stderr]) stream?.destroy();
}

/** No more than what is one octet too many: the rest is not kept. */
function collect(child: ChildProcess, name: 'stdout' | 'stderr'): () => Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  child[name]?.on('data', (chunk: Buffer) => {
    if (size > MOST_OCTETS) return;
    size += chunk.length;
    chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).subarray(0, MOST_OCTETS + 1);
}

function lastWords(text: string, secrets: readonly string[]): string {
  // The longest first, since a secret may hold another one.
  const hidden = [...secrets]
    .sort((a, b) => b.length - a.length)
    .reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text);
  const line = hidden.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > LAST_WORDS ? `…${line.slice(-LAST_WORDS)}` : line;
}
