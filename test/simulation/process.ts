/** Runs one process of the machine in the time of the world, until its work is done or its power is cut. */
import type { Clock, Ports } from '../../src/ports.ts';
import { type Death, diesAt } from '../support/dies-at.ts';
import type { Around, World } from '../support/fake-ports.ts';
import type { WorldClock } from './clock.ts';

export interface Process {
  readonly ports: Ports;
  readonly clock: Clock;
  /** @returns `died` when it did not come to an end */
  run<T>(work: () => Promise<T>): Promise<{ readonly done: T } | 'died'>;
}

export interface Fate {
  /** The call of a port at which it dies, counted from 1. */
  readonly call: number;
  readonly when: 'before' | 'after';
}

export interface ProcessOptions {
  readonly world: World;
  readonly clock: WorldClock;
  readonly faults: (clock: Clock) => Around;
  /** Asked at the begin of each `run`; null: it comes to its end, unless it needs fewer calls. */
  readonly fate: () => Fate | null;
  readonly log: Ports['log'];
  readonly onDeath: () => void;
  /** A product that is broken on purpose. */
  readonly sabotage: (ports: Ports) => Ports;
}

export function openProcess({ world, clock, faults, fate, log, onDeath, sabotage }: ProcessOptions): Process {
  const own = clock.open();
  const struck = faults(own.clock);
  let death: Death | null = null;
  let dead = false;
  const around: Around = (call, perform) =>
    death === null ? struck(call, perform) : death.around(call, () => struck(call, perform));
  // Time is not of the world: killing somebody who sleeps is killing him before his next call.
  const ports = sabotage({ ...world.ports(around), clock: own.clock, log });

  const buried = (): 'died' => {
    own.kill();
    onDeath();
    return 'died';
  };

  return {
    ports,
    clock: own.clock,
    async run<T>(work: () => Promise<T>) {
      const drawn = fate();
      death = drawn === null ? null : diesAt(drawn.call, drawn.when);
      void death?.died.then(() => {
        dead = true;
      });
      let outcome: { readonly done: T } | { readonly failed: unknown } | null = null;
      work().then(
        (done) => {
          outcome = { done };
        },
        (failed: unknown) => {
          outcome = { failed };
        },
      );
      let idle = 0;
      for (;;) {
        await everybodyWaits();
        if (dead) return buried();
        const ended = outcome as { readonly done: T } | { readonly failed: unknown } | null;
        if (ended !== null) {
          if ('failed' in ended) throw ended.failed;
          return ended;
        }
        if (clock.wakeFirst()) {
          idle = 0;
          continue;
        }
        if (death?.begun() === true) return buried();
        idle += 1;
        if (idle < MOST_IDLE_TURNS) continue;
        throw new Error('the process waits for what never comes');
      }
    },
  };
}

/** What the verbs load when they need it comes from a disk, and takes as many turns as it takes; once a process each. */
const MOST_IDLE_TURNS = 100_000;

/** Else nothing in this world takes a turn of the event loop but waiting for the clock. */
function everybodyWaits(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
