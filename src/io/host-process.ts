/** What only the process that we are can say and do. `main.ts` hands it in: nothing else says `process`. */
export interface HostProcess {
  /** Names us to whoever finds our lock; the pid comes first. */
  readonly holder: string;
  /** kill(2); a negative number is a whole group of processes. */
  readonly kill: (pid: number, signal: number | 'SIGTERM' | 'SIGKILL') => void;
  /** CLOCK_MONOTONIC. */
  readonly monotonicMicroseconds: () => bigint;
}
