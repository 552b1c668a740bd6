import type { SiteVersions, VersionReport } from './certificate-versions.ts';
import { day, span } from './render-report.ts';
import { type Paint, table } from './table.ts';

/** A row per site, then what is wrong. */
export function listText(sites: readonly SiteVersions[], now: Date, paint: Paint): string {
  const header = ['SERVER NAME', 'NAMES', 'SERIAL', 'ISSUER', 'NOT AFTER', 'LIVE VERSION', 'KEPT'];
  const [head = '', ...rows] = table(
    header,
    sites.map(({ serverName, versions, error }) => {
      const live = versions.find((version) => version.live);
      const kept = error !== null && versions.length === 0 ? 'unknown' : String(versions.length);
      if (live === undefined) return [serverName, '-', '-', '-', '-', '-', kept];
      return [
        serverName,
        live.names.join(' ') || '-',
        live.serial ?? '-',
        live.issuer ?? '-',
        endOf(live, now),
        live.revoked ? `${live.id} (revoked)` : live.id,
        kept,
      ];
    }),
  );
  const body = rows.map((row, index) => (sites[index]?.ok === true ? row : paint('bad', row)));
  const troubles = sites.flatMap((site) => troubleLines(site, paint));
  return [paint('bold', head), ...body, ...(troubles.length === 0 ? [] : ['', ...troubles]), ''].join('\n');
}

/** A block per version, newest first, then what is wrong. */
export function showText(site: SiteVersions, now: Date, paint: Paint): string {
  const { serverName, versions, error } = site;
  if (versions.length === 0 && error === null) return `${serverName} has no certificate yet\n`;
  return [
    ...versions.flatMap((version) => [...blockOf(version, now, paint), '']),
    ...troubleLines(site, paint),
    ...(error === null ? [] : ['']),
  ].join('\n');
}

function blockOf(version: VersionReport, now: Date, paint: Paint): string[] {
  const { id, live, revoked, expired, broken } = version;
  const words = [
    ...(live ? ['live'] : []),
    ...(revoked ? ['revoked'] : []),
    ...(expired ? ['expired'] : []),
    ...(broken === null ? [] : ['broken']),
  ];
  const title = paint('bold', [id, words.join(', ')].join('  ').trimEnd());
  if (broken !== null) return [title, paint('bad', `  ${broken}`)];
  return [
    title,
    `  names    ${version.names.join(', ')}`,
    `  serial   ${version.serial ?? ''}`,
    `  sha256   ${version.sha256 ?? ''}`,
    `  valid    from ${version.notBefore === null ? '' : day(version.notBefore)} until ${endOf(version, now)}`,
    `  key      ${version.keyType ?? 'of a type that is never ordered'}`,
    `  issuer   ${version.issuer ?? ''}`,
    `  CA       ${version.ca ?? 'not known'}`,
  ];
}

function endOf({ notAfter }: VersionReport, now: Date): string {
  if (notAfter === null) return '-';
  return `${day(notAfter)} (${span(new Date(notAfter).getTime() - now.getTime())})`;
}

function troubleLines({ serverName, error }: SiteVersions, paint: Paint): string[] {
  if (error === null) return [];
  return [
    paint('bad', `${serverName}: ${error.code}: ${error.message}`),
    ...(error.hint === undefined ? [] : [`  → ${error.hint}`]),
  ];
}
