import { aborted, BACKOFF, DelegatedError } from '../../src/errors.ts';
import type { CheckItem, DomainName, Log } from '../../src/provider.ts';
import { askHolder } from './holder.ts';
import type { Listener } from './listener.ts';
import type { ListenAddress } from './options.ts';

export interface Serving {
  /**
   * Serves, unless another process does already.
   * @throws DelegatedError E_PROVIDER_UNAVAILABLE when neither can be, E_ABORTED
   */
  ensure(signal: AbortSignal): Promise<void>;
  check(signal: AbortSignal): Promise<CheckItem[]>;
  close(): Promise<void>;
}

export interface ServingOptions {
  readonly addresses: readonly ListenAddress[];
  readonly listener: Listener;
  readonly zone: DomainName;
  /** The serial of what is stored. */
  readonly serial: () => number;
  readonly log: Log;
}

const TAKE_OVER_MS = 2000;

/**
 * One process serves, any number may write: the first to bind the addresses serves all that the others write into the
 * same file. When it ends, the next one takes over.
 */
export function createServing(options: ServingOptions): Serving {
  const { addresses, listener, zone, log } = options;
  const where = addresses.map(addressText).join(', ');
  let state: 'idle' | 'serving' | 'elsewhere' = 'idle';
  let closed = false;
  let starting: Promise<void> | undefined;
  let takeOver: NodeJS.Timeout | undefined;

  async function start(): Promise<void> {
    try {
      await listener.open();
      if (closed) return await listener.close();
      state = 'serving';
      stopTrying();
      log.info('the built-in name server listens', { addresses: where });
    } catch (error) {
      if (state === 'elsewhere' || closed) return;
      if (!(await isElsewhere(error))) throw cannotListen(where, error);
      if (closed) return;
      state = 'elsewhere';
      log.info('another process serves the zones of the built-in name server', { addresses: where });
      takeOver ??= setInterval(() => void ensureStarted().catch(() => undefined), TAKE_OVER_MS).unref();
    }
  }

  function ensureStarted(): Promise<void> {
    if (state === 'serving') return Promise.resolve();
    starting ??= start().finally(() => (starting = undefined));
    return starting;
  }

  /** Without the right to bind a port below 1024, the system does not even say that it is taken. */
  async function isElsewhere(error: unknown): Promise<boolean> {
    const code = codeOf(error);
    if (code === 'EADDRINUSE') return true;
    if (code !== 'EACCES') return false;
    const items = await held(AbortSignal.timeout(TAKE_OVER_MS));
    return items.every(({ ok }) => ok);
  }

  function held(signal: AbortSignal): Promise<CheckItem[]> {
    return Promise.all(
      addresses.map(async (address) => {
        const holder = await askHolder(address, zone, signal);
        return heldItem(addressText(address), holder, zone, options.serial());
      }),
    );
  }

  function stopTrying(): void {
    clearInterval(takeOver);
    takeOver = undefined;
  }

  return {
    async ensure(signal) {
      if (signal.aborted) throw aborted(signal);
      if (closed) throw new Error('the built-in name server is used after it was closed');
      await unlessAborted(ensureStarted(), signal);
    },
    async check(signal) {
      if (state === 'elsewhere') return held(signal);
      return [{ ok: state === 'serving', message: `listens on ${where}, UDP and TCP` }];
    },
    async close() {
      closed = true;
      stopTrying();
      await listener.close();
    },
  };
}

function heldItem(
  address: string,
  holder: Awaited<ReturnType<typeof askHolder>>,
  zone: DomainName,
  serial: number,
): CheckItem {
  if (holder === 'silent')
    return {
      ok: false,
      message: `${address} is taken by a process that does not answer DNS queries`,
      hint: 'see who it is with `ss -lunp`, and free the port or choose another in `listen`',
    };
  if (holder === 'other')
    return {
      ok: false,
      message: `${address} is taken by a name server that does not serve ${zone}`,
      hint: 'choose another address or port in `listen`; a delegated that runs with an old config needs a reload',
    };
  if (holder.serial !== serial)
    return {
      ok: false,
      message: `${address} is taken by a name server that serves ${zone} from elsewhere (serial ${holder.serial}, not ${serial})`,
      hint: 'let both processes use the same state directory and the same name for the provider',
    };
  return { ok: true, message: `another process serves ${zone} on ${address} from the same file` };
}

function cannotListen(where: string, error: unknown): DelegatedError {
  const code = codeOf(error);
  if (code === undefined) throw error;
  const hint =
    code === 'EACCES'
      ? 'ports below 1024 need CAP_NET_BIND_SERVICE: AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit, or listen on a high port and redirect to it'
      : 'list addresses in `listen` that this machine has';
  return new DelegatedError('E_PROVIDER_UNAVAILABLE', `cannot listen on ${where}: ${code}`, {
    hint,
    retry: BACKOFF,
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function addressText({ address, port }: ListenAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort: (() => void) | undefined;
  const abortion = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([work, abortion]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
