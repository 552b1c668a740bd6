import type { HostProcess } from '../io/host-process.ts';
import type { LineOptions } from '../io/read-line.ts';
import type { Redactor } from '../io/redaction.ts';

/** What a command may know of the process that it runs in. `main.ts` makes the real one, tests make theirs. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: HostProcess;
  /** Knows every secret that was read; `out` and `err` print nothing past it. */
  readonly redactor: Redactor;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly inIsTerminal: boolean;
  /** One line that a person types; null at the end of input. @throws DelegatedError E_ABORTED */
  readonly readLine: (options?: LineOptions) => Promise<string | null>;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Of the terminal that `out` goes to; absent where there is none. */
  readonly columns?: number;
  /** Fires on SIGINT and SIGTERM, with a DelegatedError as its reason. */
  readonly signal: AbortSignal;
  /** Calls back on every SIGHUP; returns the way to stop that. */
  readonly onHangup: (callback: () => void) => () => void;
  readonly version: string;
}

/** The options that work everywhere. */
export interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** Commander makes `--no-color` this. */
  readonly color?: boolean;
}
