import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';

/** A server that a test started. */
export interface RunningProcess {
  readonly pid: number;
  /** Where its stdout and stderr go. */
  readonly log: string;
  /** Ends it, politely for two seconds. */
  stop(): Promise<void>;
  /** Rejects when it ends by itself; for races with whatever waits for it. Never resolves. */
  readonly died: Promise<never>;
}

const POLITE_MS = 2000;

export async function startProcess(
  command: string,
  args: readonly string[],
  options: { readonly log: string; readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<RunningProcess> {
  const output = await open(options.log, 'a');
  try {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...options.env },
      stdio: ['ignore', output.fd, output.fd],
    });
    await once(child, 'spawn');
    return running(child, command, options.log);
  } finally {
    await closeQuietly(output);
  }
}

function running(child: ChildProcess, command: string, log: string): RunningProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} did not start`);
  const exited = once(child, 'exit');
  const died = exited.then(async (how) => {
    throw new Error(`${command} ended (${how.join(' ')}): ${(await readFile(log, 'utf8')).slice(-2000)}`);
  });
  died.catch(() => undefined);
  return {
    pid,
    log,
    died,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), POLITE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function closeQuietly(file: FileHandle): Promise<void> {
  await file.close();
}

/** Runs a program to its end. @throws Error with what it printed, when it fails */
export async function runProgram(command: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(command, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 10_000,
  });
  let printed = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  child.stdin.on('error', () => undefined).end(input);
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${complaint}${printed}`);
  return printed;
}
