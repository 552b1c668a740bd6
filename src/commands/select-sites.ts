import type { Config, SiteConfig } from '../config/config.ts';
import { nearest } from '../config/nearest.ts';
import { DelegatedError } from '../errors.ts';

/**
 * The sites that the arguments name, each once however often it is named; none means all of them.
 * @throws DelegatedError E_USAGE
 */
export function selectSites(config: Config, names: readonly string[]): readonly SiteConfig[] {
  if (names.length === 0) return config.sites;
  return [...new Set(names.map((name) => siteOf(config, name)))];
}

/** As it is written in the config, or else in another case, as in DNS. */
function siteOf({ file, sites }: Config, name: string): SiteConfig {
  const site =
    sites.find(({ serverName }) => serverName.text === name) ??
    sites.find(({ serverName }) => serverName.text.toLowerCase() === name.toLowerCase());
  if (site !== undefined) return site;
  const known = sites.map(({ serverName }) => serverName.text);
  const guess = nearest(name, known);
  throw new DelegatedError('E_USAGE', `${file} has no site "${name}"`, {
    hint: guess === null ? `it has ${known.slice(0, 10).join(', ')}` : `did you mean "${guess}"?`,
  });
}
