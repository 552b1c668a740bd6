/** `certificates list` and `certificates show`: what the state directory holds. No lock, no CA, no secret of the config. */
import type { SiteConfig } from '../config/config.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import { DelegatedError, asDelegatedError } from '../errors.ts';
import { type KeptVersion, type KeptVersions, keptVersions } from '../kept-versions.ts';
import { wantedNames } from '../issuance.ts';
import { errorReport, inOrder } from '../report.ts';
import { createContext } from './context.ts';
import { listText, showText } from './render-versions.ts';
import { selectSites } from './select-sites.ts';
import { createTools, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';
import { paintFor } from './table.ts';

/** One version, as `--json` has it. */
export interface VersionReport {
  readonly id: string;
  readonly live: boolean;
  readonly revoked: boolean;
  readonly expired: boolean;
  readonly names: readonly string[];
  readonly serial: string | null;
  readonly sha256: string | null;
  readonly issuer: string | null;
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  /** Null for one that we never order. */
  readonly keyType: string | null;
  /** Directory URL. */
  readonly ca: string | null;
  /** Why it cannot be used; null when it can. */
  readonly broken: string | null;
}

export interface SiteVersions {
  readonly serverName: string;
  /** Newest first. */
  readonly versions: readonly VersionReport[];
  readonly error: DelegatedError | null;
  /** False as well when the live version has expired. */
  readonly ok: boolean;
}

export async function listCommand(
  names: readonly string[],
  flags: GlobalOptions,
  shell: Shell,
): Promise<number> {
  const { sites, now } = await readVersions(names, flags, shell);
  const documents = sites.map(({ serverName, ok, versions, error }) => ({
    serverName,
    ok,
    live: versions.find(({ live }) => live) ?? null,
    kept: versions.length,
    errors: error === null ? [] : [errorReport(error)],
  }));
  return print(sites, documents, listText(sites, now, paintFor(flags, shell)), flags, shell);
}

export async function showCommand(name: string, flags: GlobalOptions, shell: Shell): Promise<number> {
  const { sites, now } = await readVersions([name], flags, shell);
  const documents = sites.map(({ serverName, ok, versions, error }) => ({
    serverName,
    ok,
    versions,
    errors: error === null ? [] : [errorReport(error)],
  }));
  const text = sites.map((site) => showText(site, now, paintFor(flags, shell))).join('\n');
  return print(sites, documents, text, flags, shell);
}

async function readVersions(
  names: readonly string[],
  flags: GlobalOptions,
  shell: Shell,
): Promise<{ readonly sites: readonly SiteVersions[]; readonly now: Date }> {
  const tools = createTools(flags, shell);
  const config = await readConfig(flags, shell, tools, 'leave');
  const { signal, version, env, host } = shell;
  const { ports } = createContext(config, { ...tools, signal, version, env, host });
  const now = ports.clock.now();
  const sites: SiteVersions[] = [];
  for (const site of selectSites(config, names)) {
    try {
      sites.push(siteVersions(site, await keptVersions(site, ports), now));
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      sites.push({ serverName: site.serverName.text, versions: [], error, ok: false });
    }
  }
  return { sites, now };
}

function siteVersions(site: SiteConfig, { versions, trouble }: KeptVersions, now: Date): SiteVersions {
  const serverName = site.serverName.text;
  const unusable = trouble ?? versions.find(({ live }) => live)?.broken ?? null;
  const wanted = wantedNames(site).map(relativeToRoot);
  const reports = versions.map((version) => versionReport(version, wanted, now));
  return {
    serverName,
    versions: reports,
    ok: unusable === null && !reports.some(({ live, expired }) => live && expired),
    error:
      unusable === null
        ? null
        : new DelegatedError(
            'E_CERTIFICATE_STORE',
            `the live certificate of ${serverName} cannot be used: ${unusable}`,
            {
              hint: `\`delegated renew ${serverName}\` replaces it`,
            },
          ),
  };
}

function versionReport(version: KeptVersion, wanted: readonly string[], now: Date): VersionReport {
  const { id, live, revoked, facts, broken, ca } = version;
  return {
    id,
    live,
    revoked,
    expired: facts !== null && facts.notAfter <= now,
    names: inOrder((facts?.names ?? []).map(relativeToRoot), wanted),
    serial: facts?.serial ?? null,
    sha256: facts?.sha256 ?? null,
    issuer: facts?.issuer ?? null,
    notBefore: facts?.notBefore.toISOString() ?? null,
    notAfter: facts?.notAfter.toISOString() ?? null,
    keyType: facts?.keyType ?? null,
    ca,
    broken,
  };
}

/** @returns 4 when a live certificate has expired, 3 when one cannot be used or not be read */
function print(
  sites: readonly SiteVersions[],
  documents: readonly { readonly ok: boolean }[],
  text: string,
  flags: GlobalOptions,
  shell: Shell,
): number {
  const ok = documents.every((each) => each.ok);
  if (flags.json === true) shell.out(`${JSON.stringify({ version: 1, ok, sites: documents }, null, 2)}\n`);
  else if (flags.quiet !== true) shell.out(text);
  else if (!ok) shell.err(text);
  if (sites.some(({ error }) => error?.code === 'E_BUG')) return 1;
  if (sites.some(({ versions }) => versions.some(({ live, expired }) => live && expired))) return 4;
  return ok ? 0 : 3;
}
