import { type DomainName, relativeToRoot, under, withoutWildcard } from '../dns/domain-name.ts';
import { type SrvRRset, srvText } from '../dns/rrset.ts';
import type { SiteConfig } from '../config/config.ts';
import { wantedNames } from '../issuance.ts';
import { desiredRecords } from '../matrix/delegation.ts';
import { selectSites } from './select-sites.ts';
import { createTools, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';

export const RECORD_FORMATS = ['text', 'zone', 'terraform', 'octodns'] as const;
export type RecordFormat = (typeof RECORD_FORMATS)[number];

export interface RecordsFlags extends GlobalOptions {
  readonly format?: RecordFormat;
}

/** What to publish by hand where no API can. Asks nobody anything. */
export async function recordsCommand(name: string, flags: RecordsFlags, shell: Shell): Promise<number> {
  const config = await readConfig(flags, shell, createTools(flags, shell), 'leave');
  const [site] = selectSites(config, [name]);
  if (site === undefined) return 2;
  const rrsets = desiredRecords(site).flatMap(({ rrset }) => rrset ?? []);
  if (flags.json === true) {
    const records = rrsets.map((rrset) => ({
      name: rrset.name,
      type: rrset.type,
      ttl: rrset.ttl,
      values: rrset.values.map(srvText),
    }));
    shell.out(
      `${JSON.stringify({ version: 1, serverName: name, records, challenges: challengeNames(site) }, null, 2)}\n`,
    );
    return 0;
  }
  shell.out(RENDERERS[flags.format ?? 'text'](rrsets, site));
  return 0;
}

const RENDERERS: Readonly<Record<RecordFormat, (rrsets: readonly SrvRRset[], site: SiteConfig) => string>> = {
  zone: (rrsets) =>
    rrsets
      .flatMap(({ name, ttl, values }) => values.map((data) => `${name} ${ttl} IN SRV ${srvText(data)}\n`))
      .join(''),
  text: (rrsets, site) =>
    [
      ...rrsets.flatMap(({ name, ttl, values }) => [
        `Publish at ${relativeToRoot(name)}, type SRV, TTL ${ttl}:`,
        ...values.map(
          ({ priority, weight, port, target }) =>
            `  priority ${priority}, weight ${weight}, port ${port}, target ${relativeToRoot(target)}`,
        ),
      ]),
      'For the certificate, these names must be writable, or be a CNAME into a zone that is:',
      ...challengeNames(site).map((name) => `  ${relativeToRoot(name)}, type TXT`),
      '',
    ].join('\n'),
  terraform: (rrsets) => rrsets.map(terraform).join('\n'),
  octodns: (rrsets) => rrsets.map(octodns).join(''),
};

function challengeNames(site: SiteConfig): DomainName[] {
  if (site.certificate === null) return [];
  return [...new Set(wantedNames(site).map((name) => under('_acme-challenge', withoutWildcard(name))))];
}

/** The `dns_srv_record_set` of the hashicorp/dns provider, the one that is bound to no vendor. */
function terraform({ name, ttl, values }: SrvRRset): string {
  const [service = '', protocol = '', ...rest] = relativeToRoot(name).split('.');
  const blocks = values.map(
    ({ priority, weight, port, target }) =>
      `  srv {\n    priority = ${priority}\n    weight   = ${weight}\n    port     = ${port}\n    target   = "${target}"\n  }\n`,
  );
  const label = [service, ...rest]
    .join('_')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+/, '');
  return `resource "dns_srv_record_set" "${label}" {\n  zone = "${rest.join('.')}."\n  name = "${service}.${protocol}"\n  ttl  = ${ttl}\n${blocks.join('')}}\n`;
}

/** The record as it stands in octoDNS's file of the zone that has the name's parent as its apex. */
function octodns({ name, ttl, values }: SrvRRset): string {
  const [service = '', protocol = ''] = name.split('.');
  const lines = values.flatMap(({ priority, weight, port, target }) => [
    `    - priority: ${priority}`,
    `      weight: ${weight}`,
    `      port: ${port}`,
    `      target: ${target}`,
  ]);
  return [`${service}.${protocol}:`, '  type: SRV', `  ttl: ${ttl}`, '  values:', ...lines, ''].join('\n');
}
