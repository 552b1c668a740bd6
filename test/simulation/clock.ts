/**
 * One time that is true, and what a machine makes of it: a wall clock that somebody sets, a monotonic one that stands
 * still (or does not) while the machine is asleep. Nothing passes by itself; whoever drives lets the first sleeper wake.
 */
import { aborted } from '../../src/errors.ts';
import type { Clock } from '../../src/ports.ts';

/** From and until when, in milliseconds since the start. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Shift extends Span {
  /** How far the wall clock is ahead meanwhile; negative: behind. Milliseconds. */
  readonly ms: number;
}

export interface Suspension extends Span {
  /** Whether the monotonic clock counts the time: Linux's does not, others do. */
  readonly counts: boolean;
}

export interface WorldClock {
  /** Milliseconds since the start, as the world counts them. */
  elapsed(): number;
  trueNow(): Date;
  /** How far the wall clock is ahead of the true time. */
  ahead(): number;
  wall(): Date;
  /** The clock of one process. `kill` ends all its waits: they never come back. */
  open(): { readonly clock: Clock; kill(): void };
  /** Lets the true time pass up to that moment, or to the end of the suspension that it falls into. */
  passTo(moment: number): void;
  /** Lets time pass until the first one wakes. @returns false when nobody sleeps */
  wakeFirst(): boolean;
  readonly shifts: Shift[];
  readonly suspensions: Suspension[];
}

interface Sleeper {
  /** On the monotonic clock. */
  readonly at: number;
  readonly wake: () => void;
}

export function createWorldClock(start: Date): WorldClock {
  let elapsed = 0;
  let monotonic = 0;
  const sleepers = new Set<Sleeper>();
  const shifts: Shift[] = [];
  const suspensions: Suspension[] = [];

  const ahead = (): number => {
    forget(shifts, elapsed);
    return shifts.reduce((sum, { from, ms }) => (from <= elapsed ? sum + ms : sum), 0);
  };
  const sleepNext = (): Suspension | undefined => {
    forget(suspensions, elapsed);
    return suspensions.toSorted((a, b) => a.from - b.from)[0];
  };

  /** Awake until `moment`, or until the machine falls asleep, and then up to its waking up. */
  const step = (moment: number): void => {
    const next = sleepNext();
    if (next === undefined || next.from >= moment) {
      monotonic += moment - elapsed;
      elapsed = moment;
      return;
    }
    const awake = Math.max(0, next.from - elapsed);
    const asleep = next.to - elapsed - awake;
    monotonic += awake + (next.counts ? asleep : 0);
    elapsed = next.to;
  };

  const open: WorldClock['open'] = () => {
    const mine = new Set<Sleeper>();
    let dead = false;
    const clock: Clock = {
      now: wall,
      monotonic: () => monotonic,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (dead) return;
          if (signal.aborted) {
            reject(aborted(signal));
            return;
          }
          const leave = (): void => {
            sleepers.delete(sleeper);
            mine.delete(sleeper);
            signal.removeEventListener('abort', stop);
          };
          const stop = (): void => {
            leave();
            reject(aborted(signal));
          };
          const wake = (): void => {
            leave();
            resolve();
          };
          // Whole milliseconds, since sums of fractions differ in their last bit.
          const sleeper = { at: monotonic + Math.ceil(ms), wake };
          signal.addEventListener('abort', stop, { once: true });
          sleepers.add(sleeper);
          mine.add(sleeper);
        }),
    };
    const kill = (): void => {
      dead = true;
      for (const each of mine) sleepers.delete(each);
    };
    return { clock, kill };
  };

  function wall(): Date {
    return new Date(start.getTime() + elapsed + ahead());
  }

  return {
    elapsed: () => elapsed,
    trueNow: () => new Date(start.getTime() + elapsed),
    ahead,
    wall,
    open,
    passTo(moment) {
      for (let at = elapsed; at < moment; at = elapsed) step(Math.ceil(moment));
    },
    wakeFirst() {
      const [first] = [...sleepers].sort((a, b) => a.at - b.at);
      if (first === undefined) return false;
      while (monotonic < first.at) step(elapsed + first.at - monotonic);
      first.wake();
      return true;
    },
    shifts,
    suspensions,
  };
}

/** Drops what is over. */
function forget(spans: Span[], now: number): void {
  for (let at = spans.length - 1; at >= 0; at -= 1) if ((spans[at]?.to ?? 0) <= now) spans.splice(at, 1);
}
