import { aborted } from '../../src/errors.ts';
import { orAborted } from './or-aborted.ts';

/** For APIs that compare nothing by themselves: who reads before writing must not be overtaken in between. */
export interface Queue {
  /**
   * Waits for those before it that have the same key.
   * @throws DelegatedError E_ABORTED when the signal fires before its turn; then the work never starts
   */
  run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createQueue(): Queue {
  const last = new Map<string, Promise<unknown>>();
  return {
    async run(key, signal, work) {
      const before = last.get(key) ?? Promise.resolve();
      const start = async (): ReturnType<typeof work> => {
        if (signal.aborted) throw aborted(signal);
        return work();
      };
      const mine = before.then(start, start);
      last.set(key, mine);
      try {
        return await orAborted(mine, signal);
      } finally {
        if (last.get(key) === mine) last.delete(key);
      }
    },
  };
}
