/** What every command that reads the config does around its verb: log, config, lock, report, exit code. */
import { dirname, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { createLog } from '../io/log.ts';
import { acquireLock } from '../io/lock.ts';
import { findAdapter, providerTypes } from '../../providers/registry.ts';
import type { Redactor } from '../io/redaction.ts';
import { loadConfig } from '../io/config-file.ts';
import { inspectStateDirectory, prepareStateDirectory } from '../io/state-directory.ts';
import type { Log, Progress } from '../ports.ts';
import { type Report, exitCode } from '../report.ts';
import { type Context, createContext } from './context.ts';
import { type Tense, renderReport } from './render-report.ts';
import { paintFor, wantsColour } from './table.ts';
import type { GlobalOptions, Shell } from './shell.ts';

const DEFAULT_CONFIG = '/etc/delegated/config.yaml';

export interface Tools {
  readonly log: Log;
  readonly redactor: Redactor;
  readonly progress: Progress;
}

/** Who writes takes the lock; who only reads never waits for anybody. */
export interface SessionOptions {
  readonly lock: 'none' | 'try' | 'wait';
  /** Before the lock is taken: whoever thinks about a question keeps nobody else from working. */
  readonly confirm?: (config: Config, log: Log) => Promise<void>;
  /** No installation is made up for good. Default: without a lock. */
  readonly onlyLooks?: boolean;
}

export function configFile(options: GlobalOptions, shell: Shell): string {
  return options.config ?? shell.env['DELEGATED_CONFIG'] ?? DEFAULT_CONFIG;
}

/** @param usual what is logged without `--verbose` and `--quiet` */
export function createTools(options: GlobalOptions, shell: Shell, usual: 'info' | 'warn' = 'warn'): Tools {
  const { redactor } = shell;
  const journal = shell.env['JOURNAL_STREAM'] !== undefined;
  const log = createLog({
    level: options.verbose === true ? 'debug' : options.quiet === true ? 'error' : usual,
    write: shell.err,
    format: shell.errIsTerminal ? 'tty' : journal ? 'journal' : 'json',
    colour: shell.errIsTerminal && wantsColour(options, shell),
    redactor,
  });
  return { log, redactor, progress: createProgress(options, shell) };
}

/** @param secrets `leave` for commands that ask nobody: they work before the secrets are in place */
export async function readConfig(
  options: GlobalOptions,
  shell: Shell,
  tools: Tools,
  secrets: 'read' | 'leave' = 'read',
): Promise<Config> {
  const file = configFile(options, shell);
  return loadConfig(file, {
    env: shell.env,
    redactor: tools.redactor,
    log: tools.log,
    types: { names: providerTypes, settings: (type) => findAdapter(type, dirname(resolve(file))) },
    secrets,
  });
}

/** Runs the work under the lock and closes everything behind it, whatever happens. */
export async function withSession<T>(
  options: GlobalOptions,
  shell: Shell,
  { lock, confirm, onlyLooks = lock === 'none' }: SessionOptions,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const tools = createTools(options, shell);
  const config = await readConfig(options, shell, tools);
  await confirm?.(config, tools.log);
  if (lock === 'none') await inspectStateDirectory(config.state);
  else await prepareStateDirectory(config.state);
  const held =
    lock === 'none'
      ? null
      : await acquireLock(`${config.state}/lock`, {
          wait: lock === 'wait',
          signal: shell.signal,
          holder: shell.host.holder,
        });
  const context = createContext(config, {
    ...tools,
    signal: shell.signal,
    version: shell.version,
    env: shell.env,
    host: shell.host,
    onlyLooks,
  });
  try {
    return await work(context);
  } finally {
    await context.close();
    await held?.release();
  }
}

/** Prints the report the way it was asked for and returns the exit code. */
export async function printReport(
  report: Report,
  tense: Tense,
  options: GlobalOptions,
  shell: Shell,
  now: Date,
): Promise<number> {
  if (options.json === true) shell.out(`${JSON.stringify(report, null, 2)}\n`);
  else if (options.quiet !== true || !report.ok) {
    const text = renderReport(report, tense, now, paintFor(options, shell));
    if (options.quiet === true) shell.err(text);
    else shell.out(text);
  }
  return exitCode(report);
}

/** Lines for a person who waits; the same line is not said twice in a row. */
function createProgress(options: GlobalOptions, shell: Shell): Progress {
  if (options.quiet === true || options.json === true) return () => undefined;
  const last = new Map<string, string>();
  return (site, message) => {
    if (last.get(site) === message) return;
    last.set(site, message);
    shell.err(`${site}: ${message}\n`);
  };
}
