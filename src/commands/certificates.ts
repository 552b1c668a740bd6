import type { RevocationReason } from '../acme/revocation-reason.ts';
import { certificateReport } from '../report.ts';
import { revoke } from '../revoke.ts';
import { selectSites } from './select-sites.ts';
import { withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export interface RevokeFlags extends GlobalOptions {
  readonly reason?: RevocationReason;
  readonly byKey?: boolean;
}

export async function revokeCommand(name: string, flags: RevokeFlags, shell: Shell): Promise<number> {
  return withSession(flags, shell, { lock: 'try' }, async ({ config, ports, ctx }) => {
    for (const site of selectSites(config, [name])) {
      const options = { reason: flags.reason ?? 'unspecified', byKey: flags.byKey === true };
      const version = await revoke(site, options, config, ports, ctx);
      const names = version.facts.names.map((each) => each.replace(/\.$/, ''));
      if (flags.json === true) {
        const outcome = { action: 'keep', reason: options.reason, names, next: null, ca: null } as const;
        const certificate = { ...certificateReport(outcome, version), action: 'revoke' };
        const sites = [{ serverName: name, ok: true, certificate, errors: [] }];
        shell.out(`${JSON.stringify({ version: 1, ok: true, sites }, null, 2)}\n`);
      } else if (flags.quiet !== true)
        shell.out(
          `revoked the certificate of ${name} with serial ${version.facts.serial}\n` +
            `Next: \`delegated renew ${name}\` replaces it at once; until then it is still the one in use.\n`,
        );
    }
    return 0;
  });
}
