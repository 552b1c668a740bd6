import type { HostProcess } from '../../src/io/host-process.ts';

/** What `main.ts` would hand in. */
export const THIS_PROCESS: HostProcess = {
  holder: `${process.pid} ${process.argv.slice(1, 4).join(' ')}`,
  kill: (pid, signal) => void process.kill(pid, signal),
  monotonicMicroseconds: () => process.hrtime.bigint() / 1000n,
};
