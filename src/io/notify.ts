import { execFile } from 'node:child_process';
import type { HostProcess } from './host-process.ts';
import type { Log } from '../ports.ts';

/** Tells systemd how we are (sd_notify(3)). Never rejects and never takes long: a daemon does not fail over it. */
export interface Notify {
  ready(status: string): Promise<void>;
  status(text: string): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  watchdog(): Promise<void>;
}

export interface NotifyOptions {
  /** Path of systemd-notify(1). */
  readonly command?: string;
  /** Milliseconds. Default: 5 000. */
  readonly timeoutMs?: number;
}

/**
 * Node has no datagram sockets of AF_UNIX, so systemd-notify(1) speaks for us; the unit needs NotifyAccess=all, as the
 * message comes from another pid.
 * @param socketPath $NOTIFY_SOCKET; undefined when nobody listens
 */
export function createNotify(
  socketPath: string | undefined,
  log: Pick<Log, 'debug'>,
  { monotonicMicroseconds }: Pick<HostProcess, 'monotonicMicroseconds'>,
  options: NotifyOptions = {},
): Notify {
  const { command = '/usr/bin/systemd-notify', timeoutMs = 5000 } = options;
  let last: Promise<void> = Promise.resolve();

  const send = (...assignments: readonly string[]): Promise<void> => {
    if (socketPath === undefined) return last;
    // One after the other, so that systemd does not hear "stopping" before "ready".
    last = last.then(() => run(command, assignments, { socketPath, timeoutMs, log }));
    return last;
  };

  return {
    ready: (status) => send('READY=1', statusLine(status)),
    status: (text) => send(statusLine(text)),
    // Type=notify-reload wants the time of the message (CLOCK_MONOTONIC); Type=notify ignores it.
    reloading: () => send('RELOADING=1', `MONOTONIC_USEC=${monotonicMicroseconds()}`),
    stopping: () => send('STOPPING=1'),
    watchdog: () => send('WATCHDOG=1'),
  };
}

function statusLine(text: string): string {
  return `STATUS=${text.replace(/\s+/g, ' ')}`;
}

function run(
  command: string,
  assignments: readonly string[],
  context: { readonly socketPath: string; readonly timeoutMs: number; readonly log: Pick<Log, 'debug'> },
): Promise<void> {
  const options = {
    env: { NOTIFY_SOCKET: context.socketPath },
    timeout: context.timeoutMs,
    killSignal: 'SIGKILL' as const,
  };
  return new Promise((resolve) => {
    execFile(command, [...assignments], options, (error) => {
      if (error !== null)
        context.log.debug('systemd was not notified', { assignments, error: error.message });
      resolve();
    });
  });
}
