export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LEVELS)[number];
export type LogFormat = 'tty' | 'journal' | 'json';

/** sd-daemon(3). */
const SYSLOG: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };
const SGR: Readonly<Record<LogLevel, string>> = { debug: '2', info: '36', warn: '33', error: '31' };

/**
 * One entry of the log as text: for a person at a terminal, or for the journal, which has the time already and reads
 * the level from `<N>` at the start of every line.
 */
export function formatEntry(entry: unknown, format: Exclude<LogFormat, 'json'>, colour: boolean): string {
  const { level: word, time, msg, ...fields } = isEntry(entry) ? entry : {};
  const level = LEVELS.find((each) => each === word) ?? 'info';
  const rest = Object.entries(fields)
    .map(([key, value]) => ` ${key}=${logfmt(format === 'tty' ? short(value) : value)}`)
    .join('');
  const lines = `${harmless(typeof msg === 'string' ? msg : '')}${rest}`.split('\n');
  if (format === 'journal') return lines.map((line) => `<${SYSLOG[level]}>${line}\n`).join('');
  const label = level.toUpperCase().padEnd(5);
  const clock = typeof time === 'string' ? time.slice(11, 19) : '';
  return `${clock} ${colour ? `\u001b[${SGR[level]}m${label}\u001b[0m` : label} ${lines.join('\n  ')}\n`;
}

/** Of an error what it says and why; its stack is in the journal and in JSON. */
function short(value: unknown): unknown {
  if (!isEntry(value) || typeof value['message'] !== 'string' || !('name' in value)) return value;
  const why = value['cause'] === undefined ? '' : `: ${String(short(value['cause']))}`;
  return `${value['message']}${why}`;
}

function logfmt(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return /^[^\s"=\p{Cc}]+$/u.test(text) ? text : harmless(JSON.stringify(text));
}

/** What other servers say may hold escape sequences; a terminal must not obey them. */
function harmless(text: string): string {
  return text.replaceAll(
    /(?!\n)\p{Cc}/gu,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function isEntry(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
