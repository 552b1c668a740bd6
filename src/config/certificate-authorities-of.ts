import type { AcmeConfig } from './config.ts';

/**
 * The CAs in the order in which they are tried, each with settings of its own: a profile and a chain are words of the first CA, and an
 * external account binding belongs to the one that gave it.
 */
export function certificateAuthoritiesOf(acme: AcmeConfig): readonly [AcmeConfig, ...AcmeConfig[]] {
  const { fallback = [] } = acme;
  const shared = sharedSettings(acme);
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
  const { stagingEab } = acme;
  const bare = { ...sharedSettings(acme), directoryUrl, stagingDirectoryUrl: null };
  return stagingEab !== undefined && directoryUrl === acme.stagingDirectoryUrl
    ? { ...bare, eab: stagingEab }
    : bare;
}

/** The settings for an order at the staging: what binds our account at the CA is never sent there. */
export function rehearsalSettings(acme: AcmeConfig, directoryUrl: string): AcmeConfig {
  const { profile } = acme;
  return { ...settingsOf(acme, directoryUrl), ...(profile === undefined ? {} : { profile }) };
}

/** Without what belongs to one CA only. */
function sharedSettings({
  fallback: _fallback,
  profile: _profile,
  preferredChain: _chain,
  eab: _eab,
  stagingEab: _stagingEab,
  ...shared
}: AcmeConfig): AcmeConfig {
  return shared;
}
