import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltinProvider, createBuiltin } from '../../providers/builtin/index.ts';
import { builtinOptions } from '../../providers/builtin/options.ts';
import type { Log } from '../../src/provider.ts';
import { freePort } from './free-port.ts';

export interface BuiltinServer {
  readonly provider: BuiltinProvider;
  /** TCP and UDP, on 127.0.0.1 and, unless other addresses were asked for, on ::1. */
  readonly port: number;
  readonly stateDirectory: string;
  /** Where the records lie. */
  readonly file: string;
  /** The same settings and the same file, as another process would have them. */
  again(): BuiltinProvider;
  stop(): Promise<void>;
}

export interface BuiltinSetting {
  readonly zones: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly log?: Log;
}

export const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export async function startBuiltin({
  zones,
  settings,
  log = SILENT,
}: BuiltinSetting): Promise<BuiltinServer> {
  const port = await freePort();
  const stateDirectory = await mkdtemp(join(tmpdir(), 'delegated-builtin-'));
  const listen = [`127.0.0.1:${port}`, `[::1]:${port}`];
  const opened: BuiltinProvider[] = [];
  const open = (): BuiltinProvider => {
    const options = builtinOptions.parse({ listen, zones, ...settings });
    const provider = createBuiltin(options, { stateDirectory, name: 'main', log, now: () => new Date() });
    opened.push(provider);
    return provider;
  };
  return {
    provider: open(),
    port,
    stateDirectory,
    file: join(stateDirectory, 'builtin', 'main.json'),
    again: open,
    async stop() {
      await Promise.all(opened.map((provider) => provider.close()));
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

function nothing(): void {
  return undefined;
}
