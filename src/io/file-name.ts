import { DelegatedError } from '../errors.ts';

const LONGEST = 240;

/**
 * A server name or lineage as the name of a file: lower-case letters, digits, `-`, `_` and inner dots stand for
 * themselves, every other octet is `%XX`. Capitals too, since server names that differ in case are different servers
 * and must not meet in one file where the file system folds case.
 * @throws DelegatedError E_STATE
 */
export function toFileName(name: string): string {
  const encoded = name.replace(/^\.|[^a-z0-9._-]/gu, percent);
  if (encoded === '' || encoded.length > LONGEST)
    throw new DelegatedError(
      'E_STATE',
      `${JSON.stringify(name)} cannot be the name of a file in the state directory`,
      {
        hint: 'use a shorter server name',
      },
    );
  return encoded;
}

/** The name behind a file name; null when `toFileName` never made it. */
export function fromFileName(fileName: string): string | null {
  try {
    const name = decodeURIComponent(fileName);
    return toFileName(name) === fileName ? name : null;
  } catch {
    return null;
  }
}

function percent(char: string): string {
  return Array.from(
    Buffer.from(char),
    (octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
