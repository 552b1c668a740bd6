/** Does the homeserver's own config agree with ours? Of what stands in it, names, paths and ports are ever shown. */
import type { SiteConfig } from './config/config.ts';
import { problemText } from './config/problem.ts';
import { readYaml } from './config/yaml-document.ts';
import { CERTIFICATE_FILES, COMBINED_FILE } from './certificate/layout.ts';
import { type Condition, condition } from './health/finding.ts';
import type { HomeserverFiles } from './health/homeserver-files.ts';
import { type SynapseConfig, isMapping, synapseConfig } from './health/synapse.ts';
import { relativeToRoot } from './dns/domain-name.ts';

const LOOPBACK = /^(?:127\.|::1$|localhost$)/;
const CERTIFICATES: readonly string[] = [CERTIFICATE_FILES.fullchain, COMBINED_FILE];
const KEYS: readonly string[] = [CERTIFICATE_FILES.privateKey, COMBINED_FILE];

export async function examineHomeserver(site: SiteConfig, files: HomeserverFiles): Promise<Condition[]> {
  if (site.homeserver === undefined) return [];
  const read = await readSynapse(site.homeserver.synapse, files);
  if ('findings' in read) return read.findings;
  const { synapse } = read;
  return [
    ...nameFindings(site, synapse),
    ...listenerFindings(site, synapse),
    ...(await fileFindings(site, synapse, files)),
    ...wellKnownFindings(site, synapse),
  ];
}

async function readSynapse(
  paths: readonly string[],
  files: HomeserverFiles,
): Promise<{ readonly synapse: SynapseConfig } | { readonly findings: Condition[] }> {
  const findings: Condition[] = [];
  const documents: Readonly<Record<string, unknown>>[] = [];
  for (const path of paths) {
    const found = await files.read(path);
    if ('why' in found)
      findings.push(
        condition(
          'HOMESERVER_UNREADABLE',
          found.why,
          'correct `homeserver.synapse`, or run doctor as a user that may read it; nothing of it is compared until then',
        ),
      );
    else
      for (const { path: file, text } of found) {
        const yaml = readYaml(text);
        const value = yaml.ok ? yaml.document.value : null;
        if (isMapping(value)) documents.push(value);
        else if (!yaml.ok) findings.push(broken(yaml.problems.map((problem) => problemText(file, problem))));
        else if (value !== null) findings.push(broken([`${file}:1:1: expected a mapping`]));
      }
  }
  return findings.length > 0 ? { findings } : { synapse: synapseConfig(documents) };
}

function broken(evidence: readonly string[]): Condition {
  return condition(
    'HOMESERVER_UNREADABLE',
    'the config of Synapse is not YAML that can be relied on',
    'correct it before Synapse is restarted: it reads the same file',
    evidence,
  );
}

function nameFindings({ serverName }: SiteConfig, synapse: SynapseConfig): Condition[] {
  if (synapse.serverName === null || sameText(synapse.serverName, serverName.text)) return [];
  return [
    condition(
      'HOMESERVER_NAME',
      `Synapse is ${synapse.serverName}, and this site is ${serverName.text}`,
      'a server_name cannot be changed later: correct the key under `sites`, or name the config of the right homeserver',
    ),
  ];
}

function listenerFindings({ srv }: SiteConfig, { listeners }: SynapseConfig): Condition[] {
  const secure = listeners.filter(({ tls, federation }) => tls && federation);
  if (secure.length === 0)
    return [
      condition(
        'HOMESERVER_PROXIED',
        'no listener of Synapse serves federation over TLS, so something in front of it has to',
        'give the output and the reload to the proxy (docs/reloading.md), not to Synapse',
      ),
    ];
  const wanted = [...new Set(srv.map(({ port }) => port))];
  const served = secure.filter(({ port }) => wanted.includes(port));
  if (served.length === 0)
    return [
      condition(
        'HOMESERVER_PORT',
        `the SRV record leads to port ${wanted.join(', ')}, and Synapse serves federation over TLS on ${secure.map(({ port }) => port).join(', ')}`,
        'correct `srv` or the listener; it is right only where a worker listens, or a router or a container forwards the port',
      ),
    ];
  const open = served.some(({ addresses }) => !addresses.length || addresses.some((a) => !LOOPBACK.test(a)));
  if (open) return [];
  return [
    condition(
      'HOMESERVER_LOOPBACK',
      `Synapse listens on port ${served.map(({ port }) => port).join(', ')} of this machine alone`,
      "set `bind_addresses: ['::', '0.0.0.0']`; it is right only where something forwards TCP to it",
    ),
  ];
}

/** Without a listener with TLS Synapse reads neither file. */
async function fileFindings(
  { certificate }: SiteConfig,
  { listeners, certificatePath, keyPath }: SynapseConfig,
  files: HomeserverFiles,
): Promise<Condition[]> {
  const outputs = certificate?.outputs ?? [];
  if (outputs.length === 0 || !listeners.some(({ tls }) => tls)) return [];
  for (const { directory } of outputs) {
    const nameOf = async (path: string | null): Promise<string | null> =>
      path?.startsWith('/') === true ? files.stableName(path, directory) : null;
    const [cert, key] = await Promise.all([nameOf(certificatePath), nameOf(keyPath)]);
    if (CERTIFICATES.includes(cert ?? '') && KEYS.includes(key ?? '')) return [];
  }
  const directories = outputs.map(({ directory }) => directory);
  const [first = ''] = directories;
  return [
    condition(
      'HOMESERVER_FILES',
      `Synapse does not read key and chain from ${directories.join(' or ')}, so it goes on to serve what it has`,
      `set tls_certificate_path: ${first}/${CERTIFICATE_FILES.fullchain} and tls_private_key_path: ${first}/${CERTIFICATE_FILES.privateKey}, and restart it`,
      [
        `tls_certificate_path: ${certificatePath ?? 'not set'}`,
        `tls_private_key_path: ${keyPath ?? 'not set'}`,
      ],
    ),
  ];
}

function wellKnownFindings(
  { serverName, wellKnown, delegatedTo }: SiteConfig,
  { servesWellKnown, publicBaseUrl }: SynapseConfig,
): Condition[] {
  // Synapse knows one answer only (rest/well_known.py).
  const served = `${serverName.text}:443`;
  const wanted = wellKnown?.server?.text ?? (delegatedTo === undefined ? null : relativeToRoot(delegatedTo));
  const base = baseUrl(wellKnown?.client);
  return [
    ...(servesWellKnown && !sameText(wanted ?? '', served)
      ? [
          condition(
            'HOMESERVER_WELL_KNOWN',
            `with serve_server_wellknown Synapse says that it is at ${served}, and no SRV record is looked at`,
            'take `serve_server_wellknown` out of the config of Synapse',
            [`this config: ${wanted === null ? 'no m.server, so SRV' : `m.server is ${wanted}`}`],
          ),
        ]
      : []),
    ...(publicBaseUrl !== null && base !== null && slashed(publicBaseUrl) !== slashed(base)
      ? [
          condition(
            'HOMESERVER_BASE_URL',
            `Synapse names ${publicBaseUrl} to clients, and the well-known file ${base}`,
            'make `public_baseurl` and `wellKnown.client` the same: links in mails and logins go by the first',
          ),
        ]
      : []),
  ];
}

function baseUrl(client: Readonly<Record<string, unknown>> | undefined): string | null {
  const homeserver = client?.['m.homeserver'];
  const url = isMapping(homeserver) ? homeserver['base_url'] : null;
  return typeof url === 'string' ? url : null;
}

function sameText(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Synapse puts a slash behind it by itself. */
function slashed(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
