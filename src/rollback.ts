/** Verb: an earlier version of a site's certificate is live again, and stays. What `delegated certificates rollback` does. */
import { holdEndsAt } from './certificate/renewal-decision.ts';
import { certificateSight, nextOf } from './certificate-sight.ts';
import type { SiteConfig } from './config/config.ts';
import { deploy } from './deploy.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { DelegatedError, asDelegatedError } from './errors.ts';
import { wantedNames } from './issuance.ts';
import type { Ctx, Ports, StoredVersion } from './ports.ts';
import { remember } from './remember.ts';
import { type SiteReport, certificateReport } from './report.ts';
import { siteReport } from './site-report.ts';

/**
 * The hold is on disk before the version is live, and counts only while that version is: a run that dies in between has
 * held nothing off, or is finished by the next `renew`, which deploys what is live.
 * @param to id of a version; null: the newest one before the live one
 * @throws DelegatedError E_USAGE, E_CERTIFICATE_STORE when there is no such version, or it must not be served; what is
 * live stays then
 */
export async function rollback(
  site: SiteConfig,
  to: string | null,
  ports: Ports,
  ctx: Ctx,
): Promise<SiteReport> {
  const name = site.serverName.text;
  const { certificate } = site;
  if (certificate === null)
    throw new DelegatedError('E_USAGE', `the config has no certificate for ${name}`, {
      hint: 'there is nothing to go back to for a site that manages records only',
    });
  const wanted = await usable(site, await choose(name, to, ports), ports);
  const state = await ports.state.readSite(name);
  await ports.state.writeSite(name, { ...state, heldVersion: wanted.id });
  const version = await ports.store.activate(name, wanted.id);
  const deployment = (await deploy([{ site, certificate, version }], ports, ctx)).get(name) ?? null;
  const errors: DelegatedError[] = [...(deployment?.errors ?? [])];
  // Only trouble: that the records are well was not looked at here.
  if (errors.length > 0)
    await remember(site, errors, version.facts, ports).catch(
      (thrown: unknown) => void errors.push(asDelegatedError(thrown)),
    );
  const sight = await certificateSight(site, null, ports);
  const held = sight?.decision.due === false && sight.decision.held === true;
  const ends = holdEndsAt(version.facts).toISOString();
  const report = certificateReport(
    {
      action: 'rollback',
      reason: held
        ? `version ${version.id} is live again; renewals are held off until ${ends}, or until released`
        : `version ${version.id} is live again; renewals are not held off, since it ends so soon`,
      names: wantedNames(site).map(relativeToRoot),
      next: nextOf(sight),
      ca: sight?.issuedBy ?? null,
      held,
    },
    version,
  );
  const parts = {
    records: null,
    certificate: { report, version },
    deploy: deployment?.report ?? null,
    wellKnown: null,
  };
  return siteReport(site, parts, errors, ports.clock.now());
}

async function choose(name: string, to: string | null, { store }: Ports): Promise<string> {
  const ids = await store.versions(name);
  const live = await store.live(name);
  const earlier = ids.filter((id) => live === null || !ids.includes(live) || id < live);
  const id = to === null ? earlier.at(-1) : ids.find((each) => each === to);
  if (id !== undefined) return id;
  if (to === null)
    throw new DelegatedError(
      'E_CERTIFICATE_STORE',
      `there is no earlier version of the certificate of ${name}`,
      {
        hint: `see \`delegated certificates show ${name}\`; \`delegated renew --force ${name}\` makes a new one`,
      },
    );
  throw new DelegatedError(
    'E_USAGE',
    `there is no version ${JSON.stringify(to)} of the certificate of ${name}`,
    {
      hint: ids.length === 0 ? 'there is none at all' : `there are ${ids.join(', ')}`,
    },
  );
}

/** What would break federation is refused, whoever asks. */
async function usable(site: SiteConfig, id: string, ports: Ports): Promise<StoredVersion> {
  const name = site.serverName.text;
  const version = await ports.store.readVersion(name, id);
  const { revokedVersion } = await ports.state.readSite(name);
  const why =
    'broken' in version
      ? version.broken
      : id === revokedVersion
        ? 'it was revoked'
        : (await ports.keys()).mismatch(version.material, wantedNames(site), ports.clock.now());
  if ('broken' in version || why !== null)
    throw new DelegatedError(
      'E_CERTIFICATE_STORE',
      `cannot go back to version ${id} of ${name}: ${why ?? ''}`,
      {
        hint: `see \`delegated certificates show ${name}\`, and choose another one with --to`,
      },
    );
  return version;
}
