import type { Config, ProviderConfig } from '../config/config.ts';
import { nearest } from '../config/nearest.ts';
import { DelegatedError } from '../errors.ts';

/**
 * The providers that the arguments name; none means all of them.
 * @throws DelegatedError E_USAGE
 */
export function selectProviders(
  { providers, file }: Config,
  names: readonly string[],
): readonly ProviderConfig[] {
  if (names.length === 0) return [...providers.values()];
  return names.map((name) => {
    const provider = providers.get(name);
    if (provider !== undefined) return provider;
    const known = [...providers.keys()];
    const guess = nearest(name, known);
    throw new DelegatedError('E_USAGE', `${file} has no provider "${name}"`, {
      hint: guess === null ? `it has ${known.join(', ')}` : `did you mean "${guess}"?`,
    });
  });
}
