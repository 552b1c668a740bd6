import type { Logger } from 'pino';
import type { Log } from '../ports.ts';
import type { Redactor } from './redaction.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'tty' | 'journal' | 'json';

export interface LogOptions {
  readonly level: LogLevel;
  /** Gets whole lines. */
  readonly write: (text: string) => void;
  readonly format: LogFormat;
  readonly colour: boolean;
  readonly redactor: Redactor;
}

const PINO_LEVELS: Readonly<Record<number, LogLevel>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error' };
/** sd-daemon(3). */
const SYSLOG: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };
const SGR: Readonly<Record<LogLevel, string>> = { debug: '2', info: '36', warn: '33', error: '31' };

type Fields = Readonly<Record<string, unknown>>;

/** A log that can be told to finish. */
export interface OpenLog extends Log {
  /** Resolves when every line so far is written. */
  flush(): Promise<void>;
}

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/**
 * pino is loaded with the first line that is really written, because a quiet run has none and should not pay for it.
 * Lines wait for it in order, with the time at which they were said.
 */
export function createLog(options: LogOptions): OpenLog {
  let loading: Promise<Logger> | undefined;
  let last: Promise<void> = Promise.resolve();
  const write = async (level: LogLevel, message: string, fields: Fields): Promise<void> => {
    loading ??= open(options);
    (await loading)[level](fields, message);
  };
  const say =
    (level: LogLevel) =>
    (message: string, fields: Fields = {}): void => {
      if (ORDER.indexOf(level) < ORDER.indexOf(options.level)) return;
      const timed = { time: new Date().toISOString(), ...fields };
      last = last.then(() => write(level, message, timed));
    };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    flush: () => last,
  };
}

async function open(options: LogOptions): Promise<Logger> {
  const { pino } = await import('pino');
  const write = (line: string): void => {
    options.write(options.redactor.redact(options.format === 'json' ? line : format(line, options)));
  };
  return pino({ level: options.level, base: null, timestamp: false }, { write });
}

function format(line: string, { format: kind, colour }: LogOptions): string {
  const entry: unknown = JSON.parse(line);
  if (!isEntry(entry)) return line;
  const { level: number = 30, time = '', msg = '', ...fields } = entry;
  const level = PINO_LEVELS[Number(number)] ?? 'info';
  const rest = Object.entries(fields)
    .map(([key, value]) => ` ${key}=${logfmt(value)}`)
    .join('');
  if (kind === 'journal') return `<${SYSLOG[level]}>${String(msg).replaceAll('\n', ' ')}${rest}\n`;
  const word = level.toUpperCase().padEnd(5);
  return `${String(time).slice(11, 19)} ${colour ? `\u001b[${SGR[level]}m${word}\u001b[0m` : word} ${String(msg)}${rest}\n`;
}

function logfmt(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function isEntry(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
