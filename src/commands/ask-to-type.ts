import { DelegatedError } from '../errors.ts';
import type { Shell } from './shell.ts';

/**
 * For what cannot be taken back: a yes is given by habit, a name is not.
 * @throws DelegatedError E_USAGE with this hint when something else was typed; E_ABORTED
 */
export async function askToType(
  wanted: string,
  hint: string,
  { err, readLine }: Pick<Shell, 'err' | 'readLine'>,
): Promise<void> {
  err(`Type "${wanted}" to do it: `);
  if ((await readLine())?.trim() === wanted) return;
  throw new DelegatedError('E_USAGE', `nothing was done: what was typed is not "${wanted}"`, { hint });
}
