/** Verb: the well-known files of a site, in its web root. */
import type { SiteConfig } from './config/config.ts';
import { BACKOFF, DelegatedError } from './errors.ts';
import {
  WELL_KNOWN_FOLDER,
  type WellKnownFiles,
  isMapping,
  mergedContent,
  wellKnownFiles,
  wellKnownText,
} from './matrix/well-known.ts';
import type { WebRoot } from './ports.ts';
import type { WellKnownReport } from './report.ts';

export function filesOf(site: SiteConfig): WellKnownFiles {
  return wellKnownFiles(site.wellKnown ?? {}, site.wellKnown === undefined ? undefined : site.delegatedTo);
}

/**
 * Writes what differs, and keeps what stands in a file beside what the config says. Null for a site that has no web
 * root.
 * @throws DelegatedError E_OUTPUT
 */
export async function publishWellKnown(
  site: SiteConfig,
  mode: 'plan' | 'apply',
  webRoot: WebRoot,
): Promise<WellKnownReport | null> {
  const root = site.wellKnown?.write;
  if (root === undefined) return null;
  const changed: string[] = [];
  for (const [name, content] of filesOf(site)) {
    const path = `${root}/${WELL_KNOWN_FOLDER}/${name}`;
    const before = await webRoot.read(path);
    const wanted = wellKnownText(mergedContent(parse(before, path), content));
    if (before === wanted) continue;
    if (mode === 'apply') await webRoot.write(path, wanted);
    changed.push(path);
  }
  return { action: changed.length === 0 ? 'keep' : 'write', files: changed };
}

function parse(text: string | null, path: string): Readonly<Record<string, unknown>> {
  if (text === null) return {};
  try {
    const content: unknown = JSON.parse(text);
    if (isMapping(content)) return content;
  } catch {
    // Said below, as for everything else that is no mapping.
  }
  throw new DelegatedError('E_OUTPUT', `${path} is there and holds no JSON object`, {
    hint: 'look at it and move it away: what others put there is kept, and this cannot be',
    retry: BACKOFF,
  });
}
