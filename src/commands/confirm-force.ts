import type { SiteConfig } from '../config/config.ts';
import { asDelegatedError } from '../errors.ts';
import { wantedNames } from '../issuance.ts';
import type { Clock, Log, StateStore } from '../ports.ts';
import { mayFail, mayOrder } from '../schedule/ledger.ts';
import { askToType } from './ask-to-type.ts';
import type { Shell } from './shell.ts';

interface LedgerPorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly state: Pick<StateStore, 'readLedger'>;
}

/**
 * `--force` goes past the limits that keep a CA from locking the operator out for a week, and it is quickly typed. So a person
 * types what is meant once more; a script has nobody to ask, and is taken at its word.
 * @param ca directory URL of the one that is asked first
 * @throws DelegatedError E_USAGE when something else was typed; E_ABORTED
 */
export async function confirmForce(
  sites: readonly SiteConfig[],
  ca: string,
  ports: LedgerPorts,
  shell: Shell,
  log: Log,
): Promise<void> {
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
      ...(await limitLines(named, ca, ports)),
      "The limits of the CA stay; Let's Encrypt issues 5 certificates for the same names in a week.",
      '',
    ].join('\n'),
  );
  await askToType(wanted, 'without --force only what is due is renewed, within the limits', shell);
}

/** Which sites have used up our own limits, so that whoever only wants a renewal sees whether it takes `--force` at all. */
async function limitLines(
  sites: readonly SiteConfig[],
  ca: string,
  { clock, state }: LedgerPorts,
): Promise<string[]> {
  try {
    const entries = await state.readLedger();
    const now = clock.now();
    const spent = sites.flatMap((site) => {
      const question = { ca, names: wantedNames(site), now };
      const until = [mayOrder(entries, question), mayFail(entries, question)].flatMap((verdict) =>
        verdict.allowed ? [] : [verdict.retryAt.getTime()],
      );
      const name = site.serverName.text;
      return until.length === 0 ? [] : [`${name} (until ${new Date(Math.max(...until)).toISOString()})`];
    });
    if (spent.length === 0) return [`None of them has used up our own limits at ${ca}.`];
    return [`Used up are our own limits at ${ca} for: ${spent.join(', ')}. Was the cause repaired?`];
  } catch (thrown) {
    return [`Whether our own limits are used up cannot be read: ${asDelegatedError(thrown).message}`];
  }
}
