import { resolve } from 'node:path';
import { importCertificate } from '../import-certificate.ts';
import { readForeignCertificates } from '../io/foreign-certificates.ts';
import { report } from '../report.ts';
import { selectSites } from './select-sites.ts';
import { printReport, withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface ImportFlags extends GlobalOptions {
  readonly site?: string;
}

export async function importCommand(directory: string, flags: ImportFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'try' }, async ({ config, ports }) => {
    const sites = selectSites(config, flags.site === undefined ? [] : [flags.site]);
    const found = await readForeignCertificates(resolve(directory));
    const done = await importCertificate(sites, found, ports);
    const code = await printReport(report(done), 'done', flags, shell, ports.clock.now());
    if (flags.json !== true && flags.quiet !== true)
      shell.out(
        `\nNext: \`delegated renew ${done.map(({ serverName }) => serverName).join(' ')}\` deploys it.\n`,
      );
    return code;
  });
}
