import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { BACKOFF, DelegatedError } from '../errors.ts';
import type { ReloadAction, Reloader } from '../ports.ts';
import { errnoOf, fileError } from './file-error.ts';
import type { HostProcess } from './host-process.ts';
import { runCommand } from './run-command.ts';

export interface ReloaderOptions {
  readonly kill: HostProcess['kill'];
  /** Of our environment only PATH and LANG go to the command; there may be secrets in the rest. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds. Default: 60 000. */
  readonly timeoutMs?: number;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const UNIT = /^[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*$/;

export function createReloader(options: ReloaderOptions): Reloader {
  const { PATH: path = PATH, LANG: lang = 'C.UTF-8' } = options.environment ?? {};
  const environment = { PATH: path, LANG: lang };
  const { kill, timeoutMs = 60_000 } = options;

  async function run(command: readonly string[], hint: string, signal: AbortSignal): Promise<void> {
    const { ok, end, output } = await runCommand(command, { environment, timeoutMs, signal, kill });
    if (ok) return;
    const printed = output === '' ? 'it printed nothing' : `it printed:\n${output}`;
    throw failed(`\`${command.join(' ')}\`: ${end}; ${printed}`, hint);
  }

  return {
    async reload(action: ReloadAction, { signal, log }) {
      log.debug('reloading', { action: action.kind });
      switch (action.kind) {
        case 'systemd':
          return run(systemctl(action.unit), SYSTEMD_HINT(action.unit), signal);
        case 'signal':
          return sendSignal(action.signal, action.pidFile, kill);
        case 'exec':
          return run(
            action.command,
            'run the same command by hand, as the user that delegated runs as',
            signal,
          );
      }
    },
  };
}

const SYSTEMD_HINT = (unit: string): string =>
  `look at \`systemctl status ${unit}\` and its journal; a user that is not root needs a polkit rule for that unit`;

function systemctl(unit: string): readonly string[] {
  if (!UNIT.test(unit))
    throw failed(
      `${JSON.stringify(unit)} is not the name of a unit`,
      'write it as matrix-synapse.service, under `reload`',
    );
  return ['systemctl', '--no-ask-password', 'reload', '--', unit];
}

async function sendSignal(name: string, pidFile: string, kill: HostProcess['kill']): Promise<void> {
  const signal = signalNamed(name);
  const pid = await readPid(pidFile);
  try {
    kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH')
      throw failed(
        `no process ${pid} (from ${pidFile}) is running`,
        'start the homeserver; the new certificate is in place and will be read then',
        error,
      );
    if (errnoOf(error) === 'EPERM')
      throw failed(
        `may not send ${name} to process ${pid} (from ${pidFile})`,
        'run as root or as the user of that process, or reload through systemd',
        error,
      );
    throw error;
  }
}

function signalNamed(name: string): number {
  const full = name.startsWith('SIG') ? name : `SIG${name}`;
  const entry = Object.entries(constants.signals).find(([known]) => known === full);
  if (entry === undefined)
    throw failed(`${JSON.stringify(name)} is not a signal`, 'write it as HUP, under `reload`');
  return entry[1];
}

/** Exactly one number above 1: kill(2) takes 0 and what is below for whole groups of processes, and 1 is init. */
async function readPid(path: string): Promise<number> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fileError('E_RELOAD', 'read', path, error);
  }
  const pid = /^\s*(\d{1,10})\s*$/.exec(text)?.[1];
  if (pid !== undefined && Number(pid) > 1 && Number(pid) < 2 ** 31) return Number(pid);
  throw failed(
    `${path} does not hold the number of a process`,
    'correct `pidFile`, or restart what writes it',
  );
}

function failed(message: string, hint: string, cause?: unknown): DelegatedError {
  return new DelegatedError('E_RELOAD', message, { hint, retry: BACKOFF, cause });
}
