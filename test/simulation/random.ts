/** Draws that one number decides: the same seed plays the same ten years. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  between(least: number, most: number): number;
  /** Between the two, every order of magnitude alike. */
  magnitude(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<const T>(list: readonly [T, ...T[]]): T;
}

export function createRandom(seed: number): Random {
  let state = scramble(seed);
  const uniform = (): number => {
    state = (state + GOLDEN) >>> 0;
    return scramble(state) / 2 ** 32;
  };
  const between = (least: number, most: number): number => least + uniform() * (most - least);
  return {
    uniform,
    between,
    magnitude: (least, most) => Math.exp(between(Math.log(least), Math.log(most))),
    chance: (probability) => uniform() < probability,
    pick: (list) => list[Math.floor(uniform() * list.length)] ?? list[0],
  };
}

/** A draw that is bound to a number, whatever was drawn before: uniform in [0, 1). */
export function drawAt(seed: number, index: number): number {
  return scramble(scramble(seed) + Math.imul(index, GOLDEN)) / 2 ** 32;
}

const GOLDEN = 0x9e3779b9;

/** The finaliser of MurmurHash3 (Appleby, public domain): each bit of the result depends on each of the input. */
function scramble(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
