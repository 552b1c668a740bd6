import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { aborted } from '../errors.ts';
import { errnoOf } from './file-error.ts';
import type { HostProcess } from './host-process.ts';

export interface CommandOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds until the whole process group is killed. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly kill: HostProcess['kill'];
  /** For its standard input. Default: nothing. */
  readonly input?: string;
}

export interface CommandResult {
  /** How it ended, for a sentence: `status 1`, `signal SIGSEGV`, `was not found`, `took longer than 60 s`. */
  readonly end: string;
  readonly ok: boolean;
  /** The last 4 KiB of what it printed. */
  readonly output: string;
}

const TAIL = 4096;
/** Milliseconds between SIGTERM and SIGKILL. */
const GRACE = 2000;
/** Milliseconds that we listen on when the command is gone but something that it left in the background is not. */
const DRAIN = 500;

/**
 * Runs a program without a shell, in a process group of its own.
 * @throws DelegatedError E_ABORTED when the signal fires; the group is dead then
 */
export async function runCommand(
  command: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { signal, timeoutMs, environment, kill, input } = options;
  if (signal.aborted) throw aborted(signal);
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    detached: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: environment,
  });
  // Who does not read what we write (EPIPE) is judged by how it ends.
  child.stdin?.on('error', () => undefined).end(input);
  const tail = collectTail(child);
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([signal, deadline]);
  const exit = exitOf(child);
  const end = await Promise.race([exit, firing(stop)]);
  if (end === null) await killGroup(child, exit, kill);
  await drain(child);
  if (signal.aborted) throw aborted(signal);
  const output = tail().trim();
  if (end === null) return { end: `took longer than ${timeoutMs / 1000} s`, ok: false, output };
  return { end, ok: end === 'status 0', output };
}

async function exitOf(child: ChildProcess): Promise<string> {
  try {
    const [status, signal]: unknown[] = await once(child, 'exit');
    return typeof status === 'number' ? `status ${status}` : `signal ${String(signal)}`;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return 'was not found';
    if (errno === undefined) throw error;
    return `could not be started (${errno})`;
  }
}

function firing(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
}

async function killGroup(
  child: ChildProcess,
  exit: Promise<string>,
  kill: HostProcess['kill'],
): Promise<void> {
  signalGroup(child, 'SIGTERM', kill);
  const grace = new AbortController();
  await Promise.race([exit, delay(GRACE, undefined, { signal: grace.signal }).catch(() => {})]);
  grace.abort();
  // Also when the leader has gone at once: its children may have not.
  signalGroup(child, 'SIGKILL', kill);
  await exit;
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL', kill: HostProcess['kill']): void {
  if (child.pid === undefined) return;
  try {
    kill(-child.pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/** Whatever still holds the pipes after the command's end must not hold us. */
async function drain(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null && !stream.closed);
  const closed = streams.map((stream) => once(stream ?? child, 'close'));
  const timer = new AbortController();
  await Promise.race([
    Promise.all(closed),
    delay(DRAIN, undefined, { signal: timer.signal }).catch(() => {}),
  ]);
  timer.abort();
  for (const stream of streams) stream?.destroy();
}

function collectTail(child: ChildProcess): () => string {
  let tail = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  return () => tail.toString('utf8');
}
