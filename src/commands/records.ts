import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import { type RRset, type SrvRRset, type TxtRRset, srvText, txtText } from '../dns/rrset.ts';
import type { SiteConfig } from '../config/config.ts';
import { desiredRecords } from '../matrix/delegation.ts';
import { challengeNames } from '../standing-names.ts';
import { selectSites } from './select-sites.ts';
import { createTools, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';
import { standingRecords } from './standing-records.ts';

export const RECORD_FORMATS = ['text', 'zone', 'terraform', 'octodns'] as const;
export type RecordFormat = (typeof RECORD_FORMATS)[number];

export interface RecordsFlags extends GlobalOptions {
  readonly format?: RecordFormat;
}

/** What to publish by hand where no API can. Asks nobody anything, but the CA for its directory by dns-persist-01. */
export async function recordsCommand(name: string, flags: RecordsFlags, shell: Shell): Promise<number> {
  const tools = createTools(flags, shell);
  const config = await readConfig(flags, shell, tools, 'leave');
  const [site] = selectSites(config, [name]);
  if (site === undefined) return 2;
  const { known, unknown } = await standingRecords(site, config, tools, shell);
  const rrsets = [...desiredRecords(site, new Date()).flatMap(({ rrset }) => rrset ?? []), ...known];
  if (flags.json === true) {
    const document = {
      version: 1,
      serverName: name,
      records: rrsets.map((rrset) => ({
        name: rrset.name,
        type: rrset.type,
        ttl: rrset.ttl,
        values: rdataOf(rrset),
      })),
      challenges: site.persist === undefined ? challengeNames(site) : [],
      ...(unknown.length === 0 ? {} : { unknown: unknown.map((each) => ({ ...each, type: 'TXT' })) }),
    };
    shell.out(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  const format = flags.format ?? 'text';
  shell.out(RENDERERS[format](rrsets));
  for (const { name: at, reason } of unknown) shell.out(unknownLine(at, reason, format));
  if (format === 'text') shell.out(certificateLines(site).join('\n'));
  return 0;
}

const RENDERERS: Readonly<Record<RecordFormat, (rrsets: readonly RRset[]) => string>> = {
  zone: (rrsets) =>
    rrsets
      .flatMap((rrset) =>
        rdataOf(rrset).map((rdata) => `${rrset.name} ${rrset.ttl} IN ${rrset.type} ${rdata}\n`),
      )
      .join(''),
  text: (rrsets) =>
    [
      ...rrsets.flatMap((rrset) => [
        `Publish at ${relativeToRoot(rrset.name)}, type ${rrset.type}, TTL ${rrset.ttl}:`,
        ...(rrset.type === 'SRV' ? srvFields(rrset) : rrset.values.map((value) => `  ${value}`)),
      ]),
      '',
    ].join('\n'),
  terraform: (rrsets) =>
    rrsets.map((rrset) => (rrset.type === 'SRV' ? terraformSrv(rrset) : terraformTxt(rrset))).join('\n'),
  octodns: (rrsets) =>
    rrsets.map((rrset) => (rrset.type === 'SRV' ? octodnsSrv(rrset) : octodnsTxt(rrset))).join(''),
};

/** `;` begins a comment in a zone file, `#` in the others. */
function unknownLine(name: DomainName, reason: string, format: RecordFormat): string {
  if (format === 'text') return `Publish at ${relativeToRoot(name)}, type TXT: ${reason}\n`;
  return `${format === 'zone' ? ';' : '#'} ${name} TXT: ${reason}\n`;
}

function rdataOf(rrset: RRset): string[] {
  return rrset.type === 'SRV' ? rrset.values.map(srvText) : rrset.values.map(txtText);
}

function srvFields({ values }: SrvRRset): string[] {
  return values.map(
    ({ priority, weight, port, target }) =>
      `  priority ${priority}, weight ${weight}, port ${port}, target ${relativeToRoot(target)}`,
  );
}

function certificateLines(site: SiteConfig): string[] {
  if (site.persist !== undefined)
    return [
      'The TXT records let the account at the CA have certificates for as long as they stand; other TXT values there may stay.',
      '',
    ];
  return [
    'For the certificate, these names must be writable, or be a CNAME into a zone that is:',
    ...challengeNames(site).map((name) => `  ${relativeToRoot(name)}, type TXT`),
    '',
  ];
}

/** The `dns_srv_record_set` of the hashicorp/dns provider, the one that is bound to no vendor. */
function terraformSrv({ name, ttl, values }: SrvRRset): string {
  const [service = '', protocol = '', ...rest] = relativeToRoot(name).split('.');
  const blocks = values.map(
    ({ priority, weight, port, target }) =>
      `  srv {\n    priority = ${priority}\n    weight   = ${weight}\n    port     = ${port}\n    target   = "${target}"\n  }\n`,
  );
  return `resource "dns_srv_record_set" "${labelOf([service, ...rest])}" {\n  zone = "${rest.join('.')}."\n  name = "${service}.${protocol}"\n  ttl  = ${ttl}\n${blocks.join('')}}\n`;
}

/** Of the same provider. */
function terraformTxt({ name, ttl, values }: TxtRRset): string {
  const [label = '', ...rest] = relativeToRoot(name).split('.');
  const texts = values.map((value) => JSON.stringify(value)).join(', ');
  return `resource "dns_txt_record_set" "${labelOf([label, ...rest])}" {\n  zone = "${rest.join('.')}."\n  name = "${label}"\n  ttl  = ${ttl}\n  txt  = [${texts}]\n}\n`;
}

function labelOf(labels: readonly string[]): string {
  return labels
    .join('_')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+/, '');
}

/** The record as it stands in octoDNS's file of the zone that has the name's parent as its apex. */
function octodnsSrv({ name, ttl, values }: SrvRRset): string {
  const [service = '', protocol = ''] = name.split('.');
  const lines = values.flatMap(({ priority, weight, port, target }) => [
    `    - priority: ${priority}`,
    `      weight: ${weight}`,
    `      port: ${port}`,
    `      target: ${target}`,
  ]);
  return [`${service}.${protocol}:`, '  type: SRV', `  ttl: ${ttl}`, '  values:', ...lines, ''].join('\n');
}

/** octoDNS wants a backslash before each semicolon. */
function octodnsTxt({ name, ttl, values }: TxtRRset): string {
  const [label = ''] = name.split('.');
  const lines = values.map((value) => `    - '${value.replaceAll(';', String.raw`\;`)}'`);
  return [`${label}:`, '  type: TXT', `  ttl: ${ttl}`, '  values:', ...lines, ''].join('\n');
}
