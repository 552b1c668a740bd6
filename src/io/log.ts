import { createRequire } from 'node:module';
import type { Logger, pino as Pino } from 'pino';
import type { Log } from '../ports.ts';
import { LEVELS, type LogFormat, type LogLevel, formatEntry } from './log-format.ts';
import type { Redactor } from './redaction.ts';

export type { LogFormat, LogLevel } from './log-format.ts';

export interface LogOptions {
  readonly level: LogLevel;
  /** Gets whole lines. */
  readonly write: (text: string) => void;
  readonly format: LogFormat;
  readonly colour: boolean;
  readonly redactor: Redactor;
}

/** An error inside an error, and so on; a vendor may tie a knot. */
const DEEPEST_CAUSE = 8;
/** Fields that the line has anyway. */
const RESERVED = new Set(['level', 'time', 'msg']);

/**
 * Lines are written synchronously, so that the last one before the end is not lost. pino is loaded with the first line
 * that is really written: a quiet run has none, and is faster by a tenth.
 */
export function createLog(options: LogOptions): Log {
  let logger: Logger | undefined;
  const threshold = LEVELS.indexOf(options.level);
  const line =
    (level: LogLevel) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      if (LEVELS.indexOf(level) < threshold) return;
      logger ??= open(options);
      logger[level](plainFields(fields), message);
    };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

function open({ level, format, colour, redactor, write }: LogOptions): Logger {
  const pino = loadPino();
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are made plain before, wherever they stand.
      serializers: { err: (value: unknown) => value },
    },
    {
      write(line) {
        write(redactor.redact(format === 'json' ? line : formatEntry(JSON.parse(line), format, colour)));
      },
    },
  );
}

/**
 * By `require`, because it has to be there at once. The bundler sees the first branch and packs pino; as a plain
 * module there is no such function, and the second one is taken.
 */
function loadPino(): typeof Pino {
  const loaded: unknown =
    typeof require === 'function' ? require('pino') : createRequire(import.meta.url)('pino');
  if (isPino(loaded)) return loaded;
  throw new TypeError('this is not the pino that we know');
}

function isPino(loaded: unknown): loaded is typeof Pino {
  return typeof loaded === 'function' && 'stdTimeFunctions' in loaded;
}

function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, plain(value, 0)]),
  );
}

/** Errors have no enumerable members: JSON would make `{}` of them. */
function plain(value: unknown, depth: number): unknown {
  if (!(value instanceof Error)) return value instanceof Map || value instanceof Set ? [...value] : value;
  const { name, message, stack, cause } = value;
  const code = 'code' in value ? value.code : undefined;
  return {
    name,
    ...(code === undefined ? {} : { code }),
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || depth === DEEPEST_CAUSE ? {} : { cause: plain(cause, depth + 1) }),
  };
}
