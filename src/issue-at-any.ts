/** Verb: one certificate, from the first CA of the config that is not in trouble of its own. */
import { askCa } from './ask-ca.ts';
import { certificateAuthoritiesOf } from './config/certificate-authorities-of.ts';
import type { AcmeConfig, CertificateConfig, Config, SiteConfig } from './config/config.ts';
import type { DelegatedError } from './errors.ts';
import type { IssueOptions } from './issuance.ts';
import type { Ctx, Ports, StoredVersion } from './ports.ts';

export type IssueOutcome =
  | {
      readonly version: StoredVersion;
      /** Directory URL. */
      readonly ca: string;
    }
  /** One for each CA that was tried; first the one that may be tried again soonest. */
  | { readonly errors: readonly [DelegatedError, ...DelegatedError[]] };

/**
 * Each CA has its own account and its own limit of orders. What another CA would refuse as well (a name that cannot be
 * validated, an account, the config) ends the search: it would only use up the limits of the next one.
 * @throws DelegatedError E_STATE
 */
export async function issueAtAny(
  site: SiteConfig,
  certificate: CertificateConfig,
  config: Config,
  options: IssueOptions,
  ports: Ports,
  ctx: Ctx,
): Promise<IssueOutcome> {
  const errors: DelegatedError[] = [];
  const [first, ...others] = await authoritiesFor(site, config, ports);
  for (let acme = first; ;) {
    const answer = await askCa(site, certificate, { ...config, acme }, options, ports, ctx);
    if ('version' in answer) return { version: answer.version, ca: acme.directoryUrl };
    const { error, elsewhere } = answer;
    const next = others.shift();
    if (next === undefined || !elsewhere) return { errors: soonestFirst(error, errors) };
    errors.push(error);
    ctx.log.warn('the CA is in trouble; the next one is tried', {
      site: site.serverName.text,
      ca: acme.directoryUrl,
      next: next.directoryUrl,
      code: error.code,
      reason: error.message,
    });
    acme = next;
  }
}

/** The order of the config. But an order that an interrupted run has placed is gone on with where it was placed. */
async function authoritiesFor(
  site: SiteConfig,
  { acme }: Config,
  ports: Ports,
): Promise<[AcmeConfig, ...AcmeConfig[]]> {
  // The account at another CA is not in a standing value.
  if (site.persist !== undefined) return [acme];
  const all = certificateAuthoritiesOf(acme);
  const journal = all.length === 1 ? null : await ports.state.readJournal(site.serverName.text);
  const placed = all.find(
    ({ directoryUrl }) => journal?.orderUrl !== undefined && directoryUrl === journal.ca,
  );
  return placed === undefined ? [...all] : [placed, ...all.filter((each) => each !== placed)];
}

function soonestFirst(
  last: DelegatedError,
  earlier: readonly DelegatedError[],
): [DelegatedError, ...DelegatedError[]] {
  const [first = last, ...rest] = [...earlier, last].toSorted((a, b) => soonest(a) - soonest(b));
  return [first, ...rest];
}

function soonest({ retry }: DelegatedError): number {
  if (retry.kind === 'at') return retry.at.getTime();
  return retry.kind === 'backoff' ? 0 : Infinity;
}
