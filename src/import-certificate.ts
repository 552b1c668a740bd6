/** Verb: the certificate of another ACME client becomes the live version. What `delegated certificates import` does. */
import type { ForeignCertificate } from './certificate/foreign-layout.ts';
import { certificateSight, nextOf } from './certificate-sight.ts';
import type { SiteConfig } from './config/config.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { DelegatedError } from './errors.ts';
import { wantedNames } from './issuance.ts';
import type { CertificateMaterial, KeyMaker, Ports } from './ports.ts';
import { type SiteReport, certificateReport } from './report.ts';
import { siteReport } from './site-report.ts';

/**
 * Takes for each site the one that lasts longest of those that are right for it. Its dates are those that the next renewal
 * is reckoned from. Nothing is deployed: the next `renew` does that, as for every version that is not in the outputs.
 * @throws DelegatedError E_CERTIFICATE_STORE when none is for any of the sites, or when what is live lasts longer
 */
export async function importCertificate(
  sites: readonly SiteConfig[],
  found: readonly ForeignCertificate[],
  ports: Ports,
): Promise<readonly SiteReport[]> {
  const keys = await ports.keys();
  const reasons: string[] = [];
  const reports: SiteReport[] = [];
  for (const site of sites.filter(({ certificate }) => certificate !== null)) {
    const right = found.filter((each) => {
      const why = keys.mismatch(materialOf(each), wantedNames(site), ports.clock.now());
      if (why !== null) reasons.push(`${each.path} for ${site.serverName.text}: ${why}`);
      return why === null;
    });
    const [best] = right.toSorted((a, b) => endOf(b, keys) - endOf(a, keys));
    if (best !== undefined) reports.push(await take(site, best, keys, ports));
  }
  if (reports.length > 0) return reports;
  throw new DelegatedError(
    'E_CERTIFICATE_STORE',
    `nothing here is the certificate of a site of the config: ${reasons.join('; ') || 'no site has a certificate'}`,
    {
      hint: 'the names in `certificate.names` and those of the certificate must be the same; nothing was taken over',
    },
  );
}

async function take(
  site: SiteConfig,
  foreign: ForeignCertificate,
  keys: KeyMaker,
  ports: Ports,
): Promise<SiteReport> {
  const name = site.serverName.text;
  const material = materialOf(foreign);
  const facts = keys.facts(material.fullchain);
  const live = await ports.store.read(name);
  const usable = live === null || 'broken' in live ? null : live;
  const known = usable?.facts.sha256 === facts.sha256;
  if (usable !== null && !known && usable.facts.notAfter > facts.notAfter)
    throw new DelegatedError(
      'E_CERTIFICATE_STORE',
      `the live certificate of ${name} lasts longer than that in ${foreign.path}`,
      { hint: `see \`delegated certificates show ${name}\`; nothing was taken over` },
    );
  const version = known ? usable : await ports.store.commit(name, material);
  const sight = await certificateSight(site, null, ports);
  const report = certificateReport(
    {
      action: known ? 'keep' : 'import',
      reason: `${known ? 'it is live already' : 'taken over'} from ${foreign.tool}: ${foreign.path}${dueText(sight)}`,
      names: wantedNames(site).map(relativeToRoot),
      next: nextOf(sight),
      ca: sight?.issuedBy ?? null,
    },
    version,
  );
  const parts = { records: null, certificate: { report, version }, deploy: null, wellKnown: null };
  return siteReport(site, parts, [], ports.clock.now());
}

function dueText(sight: Awaited<ReturnType<typeof certificateSight>>): string {
  return sight?.decision.due === true ? `; to be renewed at once: ${sight.decision.reason}` : '';
}

function endOf(foreign: ForeignCertificate, keys: KeyMaker): number {
  return keys.facts(materialOf(foreign).fullchain).notAfter.getTime();
}

function materialOf({ privateKey, certificates }: ForeignCertificate): CertificateMaterial {
  const [cert, ...chain] = certificates;
  return { privateKey, cert, chain: chain.join(''), fullchain: certificates.join('') };
}
