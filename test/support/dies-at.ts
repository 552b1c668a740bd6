import type { Around } from './fake-ports.ts';

export interface Death {
  readonly around: Around;
  /** Resolves when the process has died. */
  readonly died: Promise<void>;
  /** Whether that call was made: from then on nothing is answered, even if the call itself never ends. */
  begun(): boolean;
}

/**
 * A process that dies at its n-th call of a port, before or after the call does its work. Nothing of it runs any more
 * then: no call is answered, none does anything.
 * @param fits the calls that count
 */
export function diesAt(
  n: number,
  when: 'before' | 'after' = 'before',
  fits: (call: string) => boolean = () => true,
): Death {
  let calls = 0;
  let dead = false;
  let tell: (() => void) | undefined;
  const died = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const around: Around = async (call, perform) => {
    if (dead) return never();
    if (!fits(call) || (calls += 1) !== n) return perform();
    dead = true;
    if (when === 'after') await perform().catch(() => undefined);
    tell?.();
    return never();
  };
  return { around, died, begun: () => dead };
}

function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}
