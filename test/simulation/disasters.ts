/** What befalls the world, and when: drawn for each certificate, most of it around the moment at which it is due. */
import type { Random } from './random.ts';
import type { Shift, Span, Suspension, WorldClock } from './clock.ts';

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export type Disaster = Span &
  (
    | { readonly kind: 'ca-down'; readonly how: 'refuses' | 'names-moment' | 'unreachable' | 'hangs' }
    | {
        readonly kind:
          | 'ca-loses-answers'
          | 'ca-sees-nothing'
          | 'provider-flaps'
          | 'provider-hangs'
          | 'provider-refuses'
          | 'resolver-fails'
          | 'disk-full'
          | 'outputs-fail'
          | 'reload-fails'
          | 'homeserver-deaf'
          | 'asleep'
          | 'clock-wrong';
      }
  );

export type DisasterKind = Disaster['kind'];

export interface Disasters {
  /** Those that are on. */
  now(): readonly Disaster[];
  on(kind: DisasterKind): Disaster | undefined;
  /** The next moment at which one begins or ends; milliseconds since the start. */
  nextChange(): number;
  /** Since when there has been none; null while there is one. */
  calmSince(): number | null;
  /** Draws what will go wrong in the life of a certificate. */
  brew(life: Life): void;
}

/** Of a certificate, in milliseconds since the start. */
export interface Life {
  readonly from: number;
  readonly to: number;
  /** About when the next one is wanted. */
  readonly due: number;
}

/** How likely it is in the life of one certificate, and how long it lasts at most. */
const RATES: readonly (readonly [DisasterKind, probability: number, mostMs: number])[] = [
  ['ca-loses-answers', 0.15, DAY],
  ['ca-sees-nothing', 0.06, 6 * HOUR],
  ['provider-flaps', 0.25, 2 * DAY],
  ['provider-hangs', 0.1, 12 * HOUR],
  ['provider-refuses', 0.1, DAY],
  ['resolver-fails', 0.2, 12 * HOUR],
  ['disk-full', 0.2, 12 * HOUR],
  ['outputs-fail', 0.1, DAY],
  ['reload-fails', 0.1, DAY],
  ['homeserver-deaf', 0.1, DAY],
  ['asleep', 0.2, 4 * DAY],
  ['clock-wrong', 0.15, 12 * HOUR],
];
const CA_DOWN = 0.4;
const WAYS_TO_BE_DOWN = ['refuses', 'names-moment', 'unreachable', 'hangs'] as const;

export function createDisasters(clock: WorldClock, random: Random, until: number): Disasters {
  let all: Disaster[] = [];
  let known: { readonly from: number; readonly to: number; readonly active: readonly Disaster[] } | null =
    null;
  let calm = 0;

  const look = (): readonly Disaster[] => {
    const at = clock.elapsed();
    if (known !== null && known.from <= at && at < known.to) return known.active;
    const over = all.filter(({ to }) => to <= at);
    calm = Math.max(calm, ...over.map(({ to }) => to));
    all = all.filter(({ to }) => to > at);
    const active = all.filter(({ from }) => from <= at);
    const changes = all.map(({ from, to }) => (from > at ? from : to));
    known = { from: at, to: Math.min(Infinity, ...changes), active };
    return active;
  };

  const add = (drawn: Disaster): void => {
    const disaster = { ...drawn, from: Math.ceil(drawn.from), to: Math.ceil(drawn.to) };
    if (disaster.to >= until) return;
    all.push(disaster);
    known = null;
    if (disaster.kind === 'asleep')
      clock.suspensions.push({ ...disaster, counts: random.chance(0.5) } satisfies Suspension);
    if (disaster.kind === 'clock-wrong')
      clock.shifts.push({ ...disaster, ms: wrongBy(random) } satisfies Shift);
  };

  /** A fifth of the lifetime at most; between two of them the CA is up for at least a third of it. */
  let caUpSince = -Infinity;
  const caDown = ({ from, to, due }: Life): void => {
    const lifetime = to - from;
    const begin = Math.max(from, caUpSince + lifetime / 3, due - random.between(0, lifetime / 5));
    const end = begin + random.between(lifetime / 50, lifetime / 5);
    caUpSince = end;
    const how = random.pick(WAYS_TO_BE_DOWN);
    add({ kind: 'ca-down', how, from: begin, to: end });
  };

  return {
    now: look,
    on: (kind) => look().find((each) => each.kind === kind),
    nextChange: () => {
      look();
      return known?.to ?? Infinity;
    },
    calmSince: () => (look().length === 0 ? calm : null),
    brew(life) {
      if (random.chance(CA_DOWN)) caDown(life);
      for (const [kind, probability, most] of RATES) {
        if (!random.chance(probability)) continue;
        const lasts = random.magnitude(5 * MINUTE, Math.min(most, (life.to - life.from) / 12));
        const anywhere = random.chance(0.3);
        const from = anywhere
          ? random.between(life.from + MINUTE, life.to)
          : life.due + random.between(-lasts, (life.to - life.due) / 4);
        if (kind !== 'ca-down')
          add({ kind, from: Math.max(from, clock.elapsed() + 1), to: from + lasts + 2 });
      }
    },
  };
}

/** Minutes to a year, either way. */
function wrongBy(random: Random): number {
  const ms = random.magnitude(2 * MINUTE, 366 * DAY);
  return Math.round(random.chance(0.5) ? ms : -ms);
}
