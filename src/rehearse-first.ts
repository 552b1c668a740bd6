/** Verb: an order at the CA's staging directory whose certificate is thrown away. */
import { refusalOf } from './acme/refusal.ts';
import { rehearsalSettings } from './config/certificate-authorities-of.ts';
import type { CertificateConfig, Config, SiteConfig } from './config/config.ts';
import { DelegatedError, type ErrorCode, asDelegatedError } from './errors.ts';
import type { IssueOptions } from './issuance.ts';
import { issue } from './issue.ts';
import type { Ctx, Ports } from './ports.ts';
import type { Journal } from './schedule/state.ts';

export function needsRehearsal(
  { persist }: Pick<SiteConfig, 'persist'>,
  { acme: { stagingDirectoryUrl, directoryUrl } }: Config,
  { force }: IssueOptions,
): boolean {
  // The account at the staging is another one than that of a standing value.
  if (persist !== undefined) return false;
  return !force && stagingDirectoryUrl !== null && stagingDirectoryUrl !== directoryUrl;
}

/**
 * After a failed validation: CAs lock out who fails again and again, their staging directories hardly ever do. A staging
 * that is itself in trouble says nothing about the names, and keeps nobody from the real order.
 * @throws DelegatedError of what would fail at the CA as well
 */
export async function rehearseFirst(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const { stagingDirectoryUrl } = config.acme;
  if (stagingDirectoryUrl === null) return;
  const who = { site: site.serverName.text, ca: stagingDirectoryUrl };
  ports.progress(
    site.serverName.text,
    'rehearsing at the staging of the CA, since the last validation failed',
  );
  // The account of the CA and its external binding are not for others, and staging has its own.
  const staging: Config = { ...config, acme: rehearsalSettings(config.acme, stagingDirectoryUrl) };
  try {
    await issue(site, certificate, staging, { force: true }, rehearsalPorts(ports), ctx);
    ctx.log.info('the rehearsal went well; the order follows', who);
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (SAYS_NOTHING.has(error.code) && refusalOf(error) !== 'lasting') {
      ctx.log.info('the staging of the CA cannot rehearse; the order follows', {
        ...who,
        reason: error.message,
      });
      return;
    }
    throw inRehearsal(error, stagingDirectoryUrl);
  }
}

/** Trouble of the staging, or of our account there. */
const SAYS_NOTHING: ReadonlySet<ErrorCode> = new Set([
  'E_ACME_UNREACHABLE',
  'E_ACME_RATE_LIMITED',
  'E_ACME_ACCOUNT',
  'E_ACME_TERMS',
  'E_ACME_PROFILE',
  'E_ACME_PROBLEM',
  'E_ACME_ORDER',
  'E_ACME_CERTIFICATE',
  'E_ACME_TIMEOUT',
]);

function inRehearsal({ code, message, hint, retry, outcome, cause }: DelegatedError, url: string) {
  return new DelegatedError(code, `in a rehearsal at ${url}, so the CA itself was not asked: ${message}`, {
    ...(hint !== undefined && { hint }),
    retry,
    outcome,
    cause,
  });
}

/** Never the name of a site, so that the sweep of leftovers finds what a rehearsal that died left behind. */
function rehearsalLineage(name: string): string {
  return `rehearsal ${name}`;
}

/** Ports that keep nothing of an order but its journal. */
export function rehearsalPorts(ports: Ports): Ports {
  return {
    ...ports,
    store: {
      ...ports.store,
      async commit(_, material) {
        const facts = (await ports.keys()).facts(material.fullchain);
        return { id: 'rehearsal', directory: '', facts, material };
      },
    },
    state: {
      ...ports.state,
      readLedger: () => Promise.resolve([]),
      appendLedger: () => Promise.resolve(),
      readJournal: (name) => ports.state.readJournal(rehearsalLineage(name)),
      writeJournal: (name, journal: Journal) => ports.state.writeJournal(rehearsalLineage(name), journal),
      clearJournal: (name) => ports.state.clearJournal(rehearsalLineage(name)),
    },
  };
}
