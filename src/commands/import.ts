import { resolve } from 'node:path';
import { importCertificate } from '../import-certificate.ts';
import { readForeignCertificates } from '../io/foreign-certificates.ts';
import { report } from '../report.ts';
import { importAccounts } from './import-account.ts';
import { selectSites } from './select-sites.ts';
import { printReport, withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface ImportFlags extends GlobalOptions {
  readonly site?: string;
  readonly account?: boolean;
}

export async function importCommand(directory: string, flags: ImportFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'try' }, async (context) => {
    const { config, ports } = context;
    const sites = selectSites(config, flags.site === undefined ? [] : [flags.site]);
    const found = await readForeignCertificates(resolve(directory));
    // First, since a certificate can be imported again at any time, and an account only until there is another.
    const accounts = flags.account === true ? await importAccounts(resolve(directory), found, context) : [];
    const done = await importCertificate(sites, found, ports);
    const said = { ...report(done), ...(flags.account === true && { accounts }) };
    const code = await printReport(said, 'done', flags, shell, ports.clock.now());
    if (flags.json !== true && flags.quiet !== true)
      shell.out(
        accounts.map(({ url, from }) => `\naccount ${url}\n  taken over from ${from}\n`).join('') +
          `\nNext: \`delegated renew ${done.map(({ serverName }) => serverName).join(' ')}\` deploys it.\n`,
      );
    return code;
  });
}
