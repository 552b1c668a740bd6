import type { SiteConfig } from '../config/config.ts';
import { DelegatedError } from '../errors.ts';
import type { Log } from '../ports.ts';
import type { Shell } from './shell.ts';

/**
 * `--force` goes past the limits that keep a CA from locking the operator out for a week, and it is quickly typed. So a person
 * types what is meant once more; a script has nobody to ask, and is taken at its word.
 * @throws DelegatedError E_USAGE when something else was typed; E_ABORTED
 */
export async function confirmForce(sites: readonly SiteConfig[], shell: Shell, log: Log): Promise<void> {
  const named = sites.filter(({ certificate }) => certificate !== null);
  const names = named.map(({ serverName }) => serverName.text);
  const [only] = names;
  if (only === undefined) return;
  if (!shell.inIsTerminal || !shell.errIsTerminal) {
    log.warn('--force: renewing although nothing may be due, and past our own limits', { sites: names });
    return;
  }
  const wanted = names.length === 1 ? only : `all ${names.length}`;
  shell.err(
    [
      `--force orders a new certificate, due or not, and goes past our own limits for: ${names.join(', ')}`,
      "The limits of the CA stay; Let's Encrypt issues 5 certificates for the same names in a week.",
      `Type "${wanted}" to do it: `,
    ].join('\n'),
  );
  const typed = await shell.readLine();
  if (typed?.trim() === wanted) return;
  throw new DelegatedError('E_USAGE', `nothing was done: what was typed is not "${wanted}"`, {
    hint: 'without --force only what is due is renewed, within the limits',
  });
}
