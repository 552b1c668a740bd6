import { announce } from '../announce.ts';
import { filesOf } from '../publish-well-known.ts';
import { type WellKnownServer, createWellKnownServer } from '../io/well-known-server.ts';
import { createTask, setLogger } from 'node-cron';
import type { Config } from '../config/config.ts';
import { type Daemon, createDaemon } from '../daemon.ts';
import { DelegatedError, asDelegatedError } from '../errors.ts';
import { acquireLock } from '../io/lock.ts';
import { type Notify, createNotify } from '../io/notify.ts';
import { prepareStateDirectory } from '../io/state-directory.ts';
import type { Log } from '../ports.ts';
import type { Report } from '../report.ts';
import { type Context, createContext } from './context.ts';
import { type Tools, createTools, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

/** Every minute. What is due then is decided by the daemon; the heartbeat only wakes it. */
const HEARTBEAT = '* * * * *';
/** A beat that comes late after a suspended machine is still a beat. Milliseconds. */
const LATE_BEAT_MS = 5 * 60_000;

/** The daemon, in the foreground, until SIGTERM or SIGINT. */
export async function runCommand(flags: GlobalOptions, shell: Shell): Promise<number> {
  const { log, redactor } = createTools(flags, shell, 'info');
  // Nobody sits and waits here, so what is being waited for is a matter of the log.
  const tools: Tools = { log, redactor, progress: (site, message) => log.debug(`${site}: ${message}`) };
  const notify = createNotify(shell.env['NOTIFY_SOCKET'], tools.log, shell.host);
  let context = await open(await readConfig(flags, shell, tools), tools, shell);
  const daemon = createDaemon(
    context.config,
    context.ports,
    {
      locked: (work) => underLock(context.config.state, shell, work),
      onReport: async (report) => {
        tell(report, tools.log);
        const { notifier, ports, ctx } = context;
        if (notifier !== null) await announce(report, await notifier(), ports, ctx);
      },
    },
    context.ctx,
  );

  const web = createWellKnownServer(tools.log);
  await serveWellKnown(web, context.config, tools.log);

  const reload = async (): Promise<void> => {
    await notify.reloading();
    try {
      const next = await open(await readConfig(flags, shell, tools), tools, shell);
      await replace(context, next);
      context = next;
      daemon.reconfigure(next.config, next.ports);
      await serveWellKnown(web, next.config, tools.log);
      tools.log.info('the new config is in use', { file: next.config.file, sites: next.config.sites.length });
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      tools.log.error(`the config was not reloaded, the old one stays in use: ${error.message}`, {
        code: error.code,
      });
    }
    await notify.ready(statusText(context.config, daemon));
  };

  await beatUntilStopped(daemon, reload, notify, () => statusText(context.config, daemon), tools.log, shell);
  await notify.stopping();
  await web.close();
  await context.close();
  return 0;
}

/** An address that cannot be had is told, and must not keep the certificates from being renewed. */
async function serveWellKnown(web: WellKnownServer, { sites, wellKnown }: Config, log: Log): Promise<void> {
  const served = sites.filter((site) => site.wellKnown?.serve === true);
  const files = new Map(served.map((site) => [site.serverName.text.toLowerCase(), filesOf(site)]));
  try {
    await web.serve(served.length === 0 ? [] : wellKnown.listen, files);
  } catch (thrown) {
    const { code, message, hint } = asDelegatedError(thrown);
    log.error(message, { code, hint });
  }
}

async function open(config: Config, tools: Tools, shell: Shell): Promise<Context> {
  await prepareStateDirectory(config.state);
  const context = createContext(config, {
    ...tools,
    signal: shell.signal,
    version: shell.version,
    env: shell.env,
    host: shell.host,
  });
  for (const { name, type } of config.providers.values()) {
    // Only those that serve have something to start; the others stay unloaded until they are needed.
    if (type === 'builtin') await (await context.ports.provider(name)).listen?.(context.ctx);
  }
  return context;
}

/** The new listeners share the old ones' addresses, so the old ones go first where both serve. */
async function replace(old: Context, _next: Context): Promise<void> {
  await old.close();
}

async function beatUntilStopped(
  daemon: Daemon,
  reload: () => Promise<void>,
  notify: Notify,
  status: () => string,
  log: Log,
  shell: Shell,
): Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const next = (work: () => Promise<void>): Promise<void> => {
    last = last.then(work, work);
    return last;
  };
  const beat = async (): Promise<void> => {
    await daemon.beat();
    log.debug(status());
    await notify.status(status());
  };
  silenceCron();
  const task = createTask(HEARTBEAT, () => next(beat), {
    timezone: 'UTC',
    noOverlap: true,
    missedExecutionTolerance: LATE_BEAT_MS,
  });
  // By itself, because a beat may wait half an hour for a CA: what systemd watches is whether we still turn.
  const pulse = createTask(HEARTBEAT, () => notify.watchdog(), { timezone: 'UTC' });
  // Whoever changed the config waits for what comes of it, and not for the next minute.
  const stopListening = shell.onHangup(() => {
    void next(reload);
    void next(beat);
  });
  await notify.ready(status());
  const first = next(beat);
  await task.start();
  await pulse.start();
  await new Promise<void>((resolve) => {
    if (shell.signal.aborted) resolve();
    shell.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  stopListening();
  await task.destroy();
  await pulse.destroy();
  await Promise.allSettled([first, last]);
}

const silent = (): void => undefined;

/** node-cron writes to the console by itself; whatever matters there reaches us as a rejected beat. */
function silenceCron(): void {
  setLogger({ info: silent, warn: silent, error: silent, debug: silent });
}

async function underLock<T>(
  state: string,
  { signal, host }: Shell,
  work: () => Promise<T>,
): Promise<T | null> {
  const { holder } = host;
  const lock = await acquireLock(`${state}/lock`, { wait: false, signal, holder }).catch(
    (thrown: unknown) => {
      if (thrown instanceof DelegatedError && thrown.code === 'E_LOCKED') return null;
      throw thrown;
    },
  );
  if (lock === null) return null;
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

function tell({ sites }: Report, log: Log): void {
  for (const { serverName, records, certificate, deploy, errors, warnings = [] } of sites) {
    for (const { name, action, after } of records)
      if (action !== 'keep') log.info(`${serverName}: ${action} ${name} SRV`, { after });
    if (certificate !== null && certificate.action !== 'keep' && certificate.action !== 'fail')
      log.info(`${serverName}: ${certificate.action}: ${certificate.reason}`, {
        notAfter: certificate.notAfter,
        directory: certificate.directory,
      });
    if (deploy?.action === 'deploy')
      log.info(`${serverName}: deployed`, { outputs: deploy.outputs, verified: deploy.verified });
    for (const { code, message, hint } of warnings) log.warn(`${serverName}: ${message}`, { code, hint });
    for (const { code, message, hint } of errors) log.error(`${serverName}: ${message}`, { code, hint });
  }
}

function statusText({ sites }: Config, daemon: Daemon): string {
  const due = daemon.nextDue();
  const when = due === null ? 'now' : due.toISOString();
  return `${sites.length} site${sites.length === 1 ? '' : 's'}, next work at ${when}`;
}
