import { createHmac, randomUUID } from 'node:crypto';
import type { NotifyConfig } from '../config/notify-schema.ts';
import { BACKOFF, DelegatedError, aborted, asDelegatedError } from '../errors.ts';
import type { Notice, Notifier } from '../ports.ts';
import type { HostProcess } from './host-process.ts';
import { runCommand } from './run-command.ts';

export interface NotifierOptions {
  readonly kill: HostProcess['kill'];
  /** Of our environment only PATH and LANG go to the command. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds for each channel. Default: 30 000. */
  readonly timeoutMs?: number;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const MOST_OF_A_BODY = 300;

type Send = (notice: Notice, signal: AbortSignal) => Promise<void>;

export function createNotifier(config: NotifyConfig, options: NotifierOptions): Notifier {
  const channels = channelsOf(config, options);
  return {
    send: (notice, { signal }) =>
      Promise.all(
        channels.map(async ([channel, send]) => {
          try {
            await send(notice, signal);
            return { channel, error: null };
          } catch (thrown) {
            if (signal.aborted) throw aborted(signal);
            return { channel, error: asDelegatedError(thrown) };
          }
        }),
      ),
  };
}

function channelsOf(
  { exec, webhook, matrix }: NotifyConfig,
  options: NotifierOptions,
): readonly (readonly [string, Send])[] {
  const { timeoutMs = 30_000 } = options;
  return [
    ...(exec === undefined ? [] : [['exec', byCommand(exec, options, timeoutMs)] as const]),
    ...(webhook === undefined ? [] : [['webhook', byWebhook(webhook, timeoutMs)] as const]),
    ...(matrix === undefined ? [] : [['matrix', byMatrix(matrix, timeoutMs)] as const]),
  ];
}

function byCommand(
  command: readonly string[],
  { kill, environment: { PATH: path = PATH, LANG: lang = 'C.UTF-8' } }: NotifierOptions,
  timeoutMs: number,
): Send {
  return async (notice, signal) => {
    const environment = { PATH: path, LANG: lang };
    const input = `${JSON.stringify(notice)}\n`;
    const { ok, end, output } = await runCommand(command, { environment, timeoutMs, signal, kill, input });
    if (ok) return;
    const printed = output === '' ? 'it printed nothing' : `it printed:\n${output}`;
    throw failed(
      `\`${command.join(' ')}\`: ${end}; ${printed}`,
      'give it a message by hand: `delegated notify`',
    );
  };
}

function byWebhook({ url, secret }: NonNullable<NotifyConfig['webhook']>, timeoutMs: number): Send {
  return async (notice, signal) => {
    const body = JSON.stringify(notice);
    const signature = secret === undefined ? null : createHmac('sha256', secret).update(body).digest('hex');
    await request(
      url,
      {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          ...(signature === null ? {} : { 'x-delegated-signature': `sha256=${signature}` }),
        },
      },
      { timeoutMs, signal },
    );
  };
}

/** A notice, which no bot answers; the transaction id makes a repeated request one message (Matrix client API v1.13, §10.6.1). */
function byMatrix(
  { homeserver, room, accessToken }: NonNullable<NotifyConfig['matrix']>,
  timeoutMs: number,
): Send {
  return async ({ text }, signal) => {
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${randomUUID()}`;
    await request(
      new URL(path, homeserver).href,
      {
        method: 'PUT',
        body: JSON.stringify({ msgtype: 'm.notice', body: text }),
        headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
      },
      { timeoutMs, signal },
    );
  };
}

interface Limits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Follows no redirect: what is sent was meant for that address. Only its origin is named, the rest may be a secret. */
async function request(
  url: string,
  init: {
    readonly method: string;
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
  },
  { timeoutMs, signal }: Limits,
): Promise<void> {
  const { origin } = new URL(url);
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const both = AbortSignal.any([signal, deadline]);
    const response = await fetch(url, { ...init, redirect: 'manual', signal: both });
    const said = (await response.text()).slice(0, MOST_OF_A_BODY);
    if (response.ok) return;
    throw failed(
      `${origin} answered ${response.status}${said === '' ? '' : `: ${said}`}`,
      'check address and secret',
    );
  } catch (error) {
    if (error instanceof DelegatedError) throw error;
    const why = deadline.aborted ? `no answer within ${timeoutMs / 1_000} s` : reasonOf(error);
    throw failed(
      `${origin} cannot be reached: ${why}`,
      'is the address right, and reachable from here?',
      error,
    );
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function failed(message: string, hint: string, cause?: unknown): DelegatedError {
  return new DelegatedError('E_NOTIFY', message, { hint, retry: BACKOFF, cause });
}
