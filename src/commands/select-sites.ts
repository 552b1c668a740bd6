import type { Config, SiteConfig } from '../config/config.ts';
import { nearest } from '../config/nearest.ts';
import { DelegatedError } from '../errors.ts';

/**
 * The sites that the arguments name; none means all of them.
 * @throws DelegatedError E_USAGE
 */
export function selectSites(config: Config, names: readonly string[]): readonly SiteConfig[] {
  if (names.length === 0) return config.sites;
  return names.map((name) => {
    const site = config.sites.find(({ serverName }) => serverName.text === name);
    if (site !== undefined) return site;
    const known = config.sites.map(({ serverName }) => serverName.text);
    const guess = nearest(name, known);
    throw new DelegatedError('E_USAGE', `${config.file} has no site "${name}"`, {
      hint: guess === null ? `it has ${known.slice(0, 10).join(', ')}` : `did you mean "${guess}"?`,
    });
  });
}
