import type * as z from 'zod';
import type { Capabilities, DnsProvider, Log, RRsetKey, WorldDns } from '../src/provider.ts';

/** What the program gives to every adapter. */
export interface ProviderDeps {
  /** The provider's name in the config. */
  readonly name: string;
  /** Absolute path of the folder of the config file; paths in the settings are relative to it. */
  readonly configFolder: string;
  /** Absolute path; for adapters that keep something. */
  readonly stateDirectory: string;
  readonly log: Log;
  readonly now: () => Date;
  /** For adapters whose vendor has a credential chain of its own, or that start a program. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dns: WorldDns;
  /** Says something to the person at the terminal, or to the log where there is none. */
  readonly tell: (message: string) => void;
  /** Takes a secret that came from elsewhere than the config out of all output. */
  readonly hide: (secret: string) => void;
  /** kill(2), for adapters that start a program; a negative number is a whole group of processes. */
  readonly kill: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void;
}

/** What an adapter tells of itself; `providers/NAME/adapter.ts` exports one, the registry loads it by its type. */
export interface Adapter<Options extends z.ZodType = z.ZodType> {
  /** As a person knows it: `PowerDNS (HTTP API)`. */
  readonly title: string;
  readonly capabilities: Capabilities;
  /** The schema of its settings; secrets are resolved before it sees them. */
  readonly options: Options;
  /**
   * Environment variables that stand in for a setting which the config leaves out, by its key (`key.secret`): the
   * names that lego users have set already. The first one that is set counts.
   */
  readonly environment: Readonly<Record<string, readonly string[]>>;
  /** The settings that one needs to start with, as lines of YAML with a word on each; secrets lie in files. */
  readonly example: (serverName: string) => string;
  /** The least rights that are enough for these RRsets, in the vendor's own language; Markdown-free text. */
  readonly policy: (keys: readonly RRsetKey[]) => string;
  create(options: z.output<Options>, deps: ProviderDeps): DnsProvider | Promise<DnsProvider>;
}

/** Keeps the type of the settings from the schema to `create`, and forgets it behind the registry. */
export function defineAdapter<Options extends z.ZodType>(adapter: Adapter<Options>): Adapter {
  return adapter;
}
