import type { AcmeConfig } from './config.ts';

/**
 * The CAs in the order in which they are tried, each with settings of its own: a profile and a chain are words of the first CA, and an
 * external account binding belongs to the one that gave it.
 */
export function certificateAuthoritiesOf(acme: AcmeConfig): readonly [AcmeConfig, ...AcmeConfig[]] {
  const { fallback = [], profile: _profile, preferredChain: _chain, eab: _eab, ...shared } = acme;
  const others = fallback
    .filter(
      ({ directoryUrl }, index) =>
        directoryUrl !== acme.directoryUrl &&
        fallback.findIndex((other) => other.directoryUrl === directoryUrl) === index,
    )
    .map((other): AcmeConfig => ({ ...shared, ...other }));
  return [acme, ...others];
}

/** The settings for a CA, also for one that has left the config and still has an account of ours. */
export function settingsOf(acme: AcmeConfig, directoryUrl: string): AcmeConfig {
  const known = certificateAuthoritiesOf(acme).find((each) => each.directoryUrl === directoryUrl);
  if (known !== undefined) return known;
  const { fallback: _fallback, profile: _profile, preferredChain: _chain, eab: _eab, ...shared } = acme;
  return { ...shared, directoryUrl, stagingDirectoryUrl: null };
}
