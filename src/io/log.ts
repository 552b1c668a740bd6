import { type Logger, pino } from 'pino';
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

/**
 * Lines are written synchronously, so that the last one before the end is not lost. pino is loaded with the first line
 * that is really written: a quiet run has none.
 */
export function createLog(options: LogOptions): Log {
  const logger = open(options);
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}

function open(options: LogOptions): Logger {
  const write = (line: string): void => {
    options.write(options.redactor.redact(options.format === 'json' ? line : format(line, options)));
  };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
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
