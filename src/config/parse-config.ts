import type * as z from 'zod';
import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import { certName } from '../matrix/delegation.ts';
import { parseDelegableServerName } from '../matrix/server-name.ts';
import type { OutputTarget, ReloadAction } from '../ports.ts';
import { CERTIFICATE_AUTHORITIES } from './certificate-authorities.ts';
import type { AcmeConfig, CertificateConfig, Config, ProviderConfig, SiteConfig } from './config.ts';
import { issueProblems } from './issues.ts';
import { nearest } from './nearest.ts';
import { type ConfigProblem, type KeyPath, configError, inFileOrder, pathText } from './problem.ts';
import { type RawConfig, type RawSite, configSchema } from './schema.ts';
import type { YamlDocument } from './yaml-document.ts';

/** What the parser has to know of the adapters, which it never loads by itself. */
export interface ProviderTypes {
  readonly names: () => readonly string[];
  /** The schema of an adapter's own settings; null where it checks them itself. */
  readonly optionsSchema: (type: string) => Promise<z.ZodType | null>;
}

/**
 * From the document, secrets already in their places, to the config.
 * @param caCertificates text of the PEM file that `acme.caCertificates` names
 * @throws DelegatedError E_CONFIG with every problem, each with line, column and key
 */
export async function parseConfig(
  document: YamlDocument,
  file: string,
  types: ProviderTypes,
  caCertificates: string | undefined,
): Promise<Config> {
  const result = configSchema.safeParse(document.value);
  if (!result.success) {
    const { knownKeys } = await import('./known-keys.ts');
    throw configError(file, inFileOrder(issueProblems(result.error.issues, document, knownKeys)));
  }
  const raw = result.data;
  const providers = await parseProviders(raw, document, types);
  const problems = [...providers.problems, ...crossChecks(raw, document)];
  if (problems.length > 0) throw configError(file, inFileOrder(problems));
  return {
    file,
    state: raw.state,
    resolvers: raw.resolvers,
    propagationTimeoutMs: raw.propagation.timeout * 1_000,
    acme: acmeConfig(raw.acme, caCertificates),
    providers: providers.providers,
    sites: Object.entries(raw.sites).map(([name, site]) => siteConfig(name, site)),
  };
}

async function parseProviders(
  raw: RawConfig,
  document: YamlDocument,
  types: ProviderTypes,
): Promise<{
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  readonly problems: readonly ConfigProblem[];
}> {
  const providers = new Map<string, ProviderConfig>();
  const problems: ConfigProblem[] = [];
  for (const [name, { type, nameServers, ...options }] of Object.entries(raw.providers)) {
    const path = ['providers', name];
    providers.set(name, { name, type, nameServers, options });
    if (/^(pkg:|\.{0,2}\/)/.test(type)) continue;
    if (!types.names().includes(type)) {
      problems.push(unknownWord(document, [...path, 'type'], 'provider type', type, types.names()));
      continue;
    }
    const schema = await types.optionsSchema(type);
    const result = schema?.safeParse(options);
    if (schema == null || result === undefined || result.success) continue;
    const { keysIn } = await import('./known-keys.ts');
    const known = (at: KeyPath): readonly string[] => {
      const keys = keysIn(schema, at.slice(path.length));
      return at.length === path.length ? ['type', 'nameServers', ...keys] : keys;
    };
    problems.push(...issueProblems(result.error.issues, document, known, path));
  }
  return { providers, problems };
}

function crossChecks(raw: RawConfig, document: YamlDocument): ConfigProblem[] {
  const known = Object.keys(raw.providers);
  const problems: ConfigProblem[] = [];
  const say = (path: KeyPath, message: string): void => {
    problems.push({ ...document.position(path, 'value'), path: pathText(path), message });
  };
  const owners = new Map<DomainName, string>();
  const directories = new Map<string, string>();
  for (const [name, site] of Object.entries(raw.sites)) {
    const path = ['sites', name];
    if (!known.includes(site.provider))
      problems.push(unknownWord(document, [...path, 'provider'], 'provider', site.provider, known));
    const other = site.challenge?.provider;
    if (other !== undefined && !known.includes(other))
      problems.push(unknownWord(document, [...path, 'challenge', 'provider'], 'provider', other, known));
    const owner = certName(siteConfig(name, site));
    const first = owners.get(owner);
    if (first !== undefined)
      say(path, `its records would be those of the site "${first}": both are for ${relativeToRoot(owner)}`);
    owners.set(owner, name);
    if (site.certificate === 'none') continue;
    for (const [index, { directory }] of site.certificate.outputs.entries()) {
      const user = directories.get(directory);
      if (user !== undefined)
        say(
          [...path, 'certificate', 'outputs', index, 'directory'],
          `the site "${user}" writes to ${directory} already`,
        );
      directories.set(directory, name);
    }
  }
  const ca = raw.acme.ca;
  if (!isDirectory(ca))
    problems.push(
      unknownWord(
        document,
        ['acme', 'ca'],
        'CA (an https URL, or a name)',
        ca,
        Object.keys(CERTIFICATE_AUTHORITIES),
      ),
    );
  if (raw.acme.staging !== undefined && !isDirectory(raw.acme.staging))
    say(['acme', 'staging'], 'expected an https URL');
  return problems;
}

function unknownWord(
  document: YamlDocument,
  path: KeyPath,
  what: string,
  word: string,
  known: readonly string[],
): ConfigProblem {
  const guess = nearest(word, known);
  const help = guess === null ? `there are ${known.join(', ')}` : `did you mean "${guess}"?`;
  return {
    ...document.position(path, 'value'),
    path: pathText(path),
    message: `there is no ${what} ${JSON.stringify(word)}; ${help}`,
  };
}

function isDirectory(text: string): boolean {
  if (Object.hasOwn(CERTIFICATE_AUTHORITIES, text)) return true;
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}

function acmeConfig(acme: RawConfig['acme'], caCertificates: string | undefined): AcmeConfig {
  const known = CERTIFICATE_AUTHORITIES[acme.ca];
  const staging =
    acme.staging === undefined
      ? undefined
      : (CERTIFICATE_AUTHORITIES[acme.staging]?.directoryUrl ?? acme.staging);
  return {
    directoryUrl: known?.directoryUrl ?? acme.ca,
    stagingDirectoryUrl: staging ?? known?.stagingDirectoryUrl ?? null,
    termsOfServiceAgreed: acme.termsOfServiceAgreed,
    timeoutMs: acme.timeout * 1_000,
    ...(acme.email === undefined ? {} : { email: acme.email }),
    ...(caCertificates === undefined ? {} : { caCertificates }),
    ...(acme.profile === undefined ? {} : { profile: acme.profile }),
    ...(acme.eab === undefined ? {} : { eab: acme.eab }),
  };
}

function siteConfig(name: string, site: RawSite): SiteConfig {
  return {
    serverName: parseDelegableServerName(name),
    provider: site.provider,
    srv: site.srv,
    ttl: site.ttl,
    legacySrv: site.legacySrv,
    certificate: site.certificate === 'none' ? null : certificateConfig(site.certificate),
    ...(site.zone === undefined ? {} : { zone: site.zone }),
    ...(site.delegatedTo === undefined ? {} : { delegatedTo: site.delegatedTo }),
    ...(site.challenge === undefined ? {} : { challengeProvider: site.challenge.provider }),
  };
}

function certificateConfig(raw: Exclude<RawSite['certificate'], 'none'>): CertificateConfig {
  return {
    names: raw.names,
    keyType: raw.keyType,
    outputs: raw.outputs.map(outputTarget),
    reload: reloadAction(raw.reload),
    verify: raw.verify === undefined ? null : raw.verify === 'none' ? [] : raw.verify,
    verifyTimeoutMs: raw.verifyTimeout * 1_000,
    keepVersions: raw.keepVersions,
  };
}

function outputTarget({
  directory,
  owner,
  group,
  keyMode,
  certificateMode,
  layout,
}: Exclude<RawSite['certificate'], 'none'>['outputs'][number]): OutputTarget {
  return {
    directory,
    // Who names a group wants it to read the key; nobody else needs to.
    keyMode: keyMode ?? (group === undefined ? 0o600 : 0o640),
    certificateMode: certificateMode ?? 0o644,
    layout,
    ...(owner === undefined ? {} : { owner }),
    ...(group === undefined ? {} : { group }),
  };
}

function reloadAction(raw: Exclude<RawSite['certificate'], 'none'>['reload']): ReloadAction | null {
  if (raw === 'none') return null;
  if ('systemd' in raw) return { kind: 'systemd', unit: raw.systemd };
  if ('signal' in raw) return { kind: 'signal', signal: raw.signal, pidFile: raw.pidFile };
  return { kind: 'exec', command: raw.exec };
}
