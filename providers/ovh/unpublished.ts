import { createHash } from 'node:crypto';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DelegatedError } from '../../src/errors.ts';
import type { Zone } from '../../src/provider.ts';

/**
 * Which zones have changes that their name servers do not know of: OVH keeps records and publishes them when it is told
 * to, and nothing that it answers tells the two states apart. It outlives us, since we may be killed in between.
 */
export interface Unpublished {
  has(zone: Zone): Promise<boolean>;
  /** On disk when it resolves. @throws DelegatedError E_STATE */
  mark(zone: Zone): Promise<void>;
  clear(zone: Zone): Promise<void>;
}

/** @param owner tells apart the accounts that may have zones of one name */
export function createUnpublished(stateDirectory: string, owner: string): Unpublished {
  const folder = join(stateDirectory, 'ovh');
  const fileOf = ({ name }: Zone): string =>
    join(folder, `${createHash('sha256').update(`${owner} ${name}`).digest('hex').slice(0, 16)}.unpublished`);
  return {
    has: async (zone) => (await orNotThere(stat(fileOf(zone)))) !== null,
    async mark(zone) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const file = await open(fileOf(zone), 'w', 0o600);
        try {
          await file.writeFile(`${zone.name}\n`);
          await file.sync();
        } finally {
          await file.close();
        }
      } catch (error) {
        throw new DelegatedError('E_STATE', `cannot write in ${folder}`, {
          hint: 'check that there is room and that the directory may be written to',
          cause: error,
        });
      }
    },
    clear: (zone) => rm(fileOf(zone), { force: true }),
  };
}

async function orNotThere<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
