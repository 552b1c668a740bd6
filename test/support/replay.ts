/**
 * How often a law is tried. A law that fails prints `{ seed: …, path: "…" }`; `FC_SEED=… FC_PATH=… npx mocha FILE` plays
 * exactly that case again.
 */
export function tries(numRuns: number): { numRuns: number; seed?: number; path?: string } {
  const { FC_SEED: seed, FC_PATH: path } = process.env;
  return {
    numRuns,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  };
}
