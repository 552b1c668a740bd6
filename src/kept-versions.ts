/** The versions of a site's certificate that the disk holds. Reads only; no key leaves this file. */
import type { CertificateFacts } from './certificate/facts.ts';
import { originOf } from './certificate-sight.ts';
import type { SiteConfig } from './config/config.ts';
import type { Ports } from './ports.ts';

export interface KeptVersion {
  readonly id: string;
  readonly live: boolean;
  /** By us; what was revoked elsewhere is not known here. */
  readonly revoked: boolean;
  /** Null where the version cannot be used; `broken` says why. */
  readonly facts: CertificateFacts | null;
  readonly broken: string | null;
  /** Directory URL of the CA that it is from; null where that is not known. */
  readonly ca: string | null;
}

export interface KeptVersions {
  /** Newest first. */
  readonly versions: readonly KeptVersion[];
  /** Why none of them is live though there are some; null when one is, or when there are none. */
  readonly trouble: string | null;
}

/** @throws DelegatedError E_CERTIFICATE_STORE, E_STATE when the disk cannot be read */
export async function keptVersions(
  { serverName }: SiteConfig,
  { store, state }: Pick<Ports, 'store' | 'state'>,
): Promise<KeptVersions> {
  const lineage = serverName.text;
  const [site, live, ids] = [
    await state.readSite(lineage),
    await store.live(lineage),
    await store.versions(lineage),
  ];
  const versions: KeptVersion[] = [];
  for (const id of ids.toReversed()) {
    const found = await store.readVersion(lineage, id);
    const broken = 'broken' in found ? found.broken : null;
    versions.push({
      id,
      live: id === live,
      revoked: id === site.revokedVersion,
      facts: 'broken' in found ? null : found.facts,
      broken,
      ca: 'broken' in found ? null : originOf(found, site),
    });
  }
  return { versions, trouble: troubleOf(live, ids) };
}

function troubleOf(live: string | null, ids: readonly string[]): string | null {
  if (live === null) return ids.length === 0 ? null : 'the link to the live version is missing';
  return ids.includes(live) ? null : `the link to the live version leads to ${JSON.stringify(live)}`;
}
