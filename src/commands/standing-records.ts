import { standingText } from '../acme/standing-value.ts';
import type { Config, SiteConfig } from '../config/config.ts';
import type { DomainName } from '../dns/domain-name.ts';
import type { TxtRRset } from '../dns/rrset.ts';
import { asDelegatedError } from '../errors.ts';
import { NO_ACCOUNT, NO_ISSUER, standingAccount } from '../reconcile-standing.ts';
import { type StandingAccount, standingName, validatedDomains } from '../standing-names.ts';
import { createContext } from './context.ts';
import type { Tools } from './session.ts';
import type { Shell } from './shell.ts';

export interface StandingRecords {
  readonly known: readonly TxtRRset[];
  readonly unknown: readonly { readonly name: DomainName; readonly reason: string }[];
}

/** What a site with dns-persist-01 needs besides its SRV records. Asks the CA for its directory, and nobody else. */
export async function standingRecords(
  site: SiteConfig,
  config: Config,
  tools: Tools,
  shell: Shell,
): Promise<StandingRecords> {
  const { persist } = site;
  const domains = validatedDomains(site);
  if (persist === undefined || domains.length === 0) return { known: [], unknown: [] };
  const { signal, version, env, host } = shell;
  const context = createContext(config, { ...tools, signal, version, env, host });
  try {
    const account = await standingAccount('plan', config, context.ports, context.ctx).catch(
      (thrown: unknown) => {
        const error = asDelegatedError(thrown);
        if (error.code !== 'E_ACME_UNREACHABLE' && error.code !== 'E_ACME_PROBLEM') throw error;
        return `unknown: ${error.message}`;
      },
    );
    if (account === null || typeof account === 'string') {
      const reason = account ?? NO_ACCOUNT;
      return { known: [], unknown: domains.map(({ name }) => ({ name, reason })) };
    }
    return recordsFor(site, persist, account);
  } finally {
    await context.close();
  }
}

function recordsFor(
  site: SiteConfig,
  persist: NonNullable<SiteConfig['persist']>,
  account: StandingAccount,
): StandingRecords {
  const known: TxtRRset[] = [];
  const unknown: DomainName[] = [];
  for (const domain of validatedDomains(site)) {
    const { name, wanted } = standingName(domain, persist, account);
    if (wanted === null) unknown.push(name);
    else known.push({ name, type: 'TXT', ttl: site.ttl, values: [standingText(wanted)] });
  }
  return { known, unknown: unknown.map((name) => ({ name, reason: NO_ISSUER })) };
}
