import { certName } from '../matrix/delegation.ts';
import { parseDelegableServerName } from '../matrix/server-name.ts';
import type { OutputTarget, ReloadAction } from '../ports.ts';
import type { AcmeConfig, CertificateConfig, Config, ProviderConfig, SiteConfig } from './config.ts';
import type { RawConfig } from './schema.ts';
import type { RawCertificate, RawSite } from './site-schema.ts';

/** From what the schemas made of the file to what the verbs work with. Everything is checked by now. */
export function buildConfig(
  raw: RawConfig,
  file: string,
  caCertificates: string | undefined,
  variables: ReadonlyMap<string, Readonly<Record<string, string>>>,
): Config {
  return {
    file,
    state: raw.state,
    resolvers: raw.resolvers,
    ...(raw.propagation.timeout === undefined
      ? {}
      : { propagationTimeoutMs: raw.propagation.timeout * 1_000 }),
    acme: acmeConfig(raw.acme, caCertificates),
    wellKnown: raw.wellKnown,
    ...(raw.notify === undefined ? {} : { notify: raw.notify }),
    providers: new Map(
      Object.entries(raw.providers).map(([name, each]) => [
        name,
        providerConfig(name, each, variables.get(name) ?? {}),
      ]),
    ),
    sites: Object.entries(raw.sites).map(([name, site]) => siteConfig(name, site)),
  };
}

function acmeConfig(
  { ca, staging, timeout, fallback, caCertificates: _path, ...rest }: RawConfig['acme'],
  caCertificates: string | undefined,
): AcmeConfig {
  return {
    ...rest,
    directoryUrl: ca.directoryUrl,
    stagingDirectoryUrl: staging?.directoryUrl ?? ca.stagingDirectoryUrl,
    timeoutMs: timeout * 1_000,
    ...(caCertificates === undefined ? {} : { caCertificates }),
    ...(fallback === undefined
      ? {}
      : { fallback: fallback.map(({ ca: other, ...more }) => ({ ...more, ...other })) }),
  };
}

function providerConfig(
  name: string,
  { type, nameServers, ...options }: RawConfig['providers'][string],
  variables: ProviderConfig['variables'],
): ProviderConfig {
  return { name, type, nameServers, options, variables };
}

function siteConfig(name: string, { certificate, challenge, wellKnown, ...rest }: RawSite): SiteConfig {
  const serverName = parseDelegableServerName(name);
  const demanded = certName({ serverName, ...rest });
  return {
    ...rest,
    serverName,
    certificate: certificate === 'none' ? null : certificateConfig(certificate, demanded),
    ...challengeConfig(challenge),
    ...(wellKnown === undefined ? {} : { wellKnown: { ...wellKnown, serve: wellKnown.serve === true } }),
  };
}

function challengeConfig(raw: RawSite['challenge']): Pick<SiteConfig, 'challengeProvider' | 'persist'> {
  if (raw === undefined) return {};
  const { type, provider, wildcard, persistUntil } = raw;
  return {
    ...(provider === undefined ? {} : { challengeProvider: provider }),
    ...(type === 'dns-01'
      ? {}
      : { persist: { wildcard, ...(persistUntil === undefined ? {} : { until: persistUntil }) } }),
  };
}

function certificateConfig(raw: RawCertificate, demanded: string): CertificateConfig {
  return {
    // Who names it once more means no second one.
    names: raw.names.filter((name) => name !== demanded),
    keyType: raw.keyType,
    outputs: raw.outputs.map(outputTarget),
    reload: reloadAction(raw.reload),
    verify: raw.verify === undefined ? null : raw.verify === 'none' ? [] : raw.verify,
    verifyTimeoutMs: raw.verifyTimeout * 1_000,
    keepVersions: raw.keepVersions,
  };
}

function outputTarget({
  keyMode,
  certificateMode,
  combined,
  ...rest
}: RawCertificate['outputs'][number]): OutputTarget {
  return {
    ...rest,
    // Who names a group wants it to read the key; nobody else needs to.
    keyMode: keyMode ?? (rest.group === undefined ? 0o600 : 0o640),
    certificateMode: certificateMode ?? 0o644,
    ...(combined ? { combined } : {}),
  };
}

function reloadAction(raw: RawCertificate['reload']): ReloadAction | null {
  if (raw === 'none') return null;
  if ('systemd' in raw) return { kind: 'systemd', unit: raw.systemd };
  if ('signal' in raw) return { kind: 'signal', signal: raw.signal, pidFile: raw.pidFile };
  return { kind: 'exec', command: raw.exec };
}
