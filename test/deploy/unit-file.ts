import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of the units that we ship. */
export const UNITS = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));

/** Assignments in their order, without sections: no key of ours stands in two. */
export type UnitFile = readonly (readonly [key: string, value: string])[];

export function readUnit(name: string): UnitFile {
  return readFileSync(`${UNITS}${name}`, 'utf8')
    .split('\n')
    .flatMap((line): (readonly [string, string])[] => {
      const match = /^([A-Z][A-Za-z0-9]*)=(.*)$/.exec(line);
      return match === null ? [] : [[match[1] ?? '', match[2] ?? '']];
    });
}

export function valuesOf(unit: UnitFile, key: string): string[] {
  return unit.filter(([found]) => found === key).map(([, value]) => value);
}

export function unitNames(ending: string): string[] {
  return readdirSync(UNITS).filter((name) => name.endsWith(ending));
}
