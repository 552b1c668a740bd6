import type { CertificateReport, DeployReport, RecordReport, Report, SiteReport } from '../report.ts';
import { type Paint, table } from './table.ts';

/** Whether the report tells of things done or of things that would be done. */
export type Tense = 'done' | 'planned';

/** The report for a person: a row per site, then what changed, then what went wrong and what to do about it. */
export function renderReport({ sites }: Report, tense: Tense, now: Date, paint: Paint): string {
  const header = ['SERVER NAME', 'RECORDS', 'CERTIFICATE', 'NEXT RENEWAL', 'DEPLOYMENT'];
  const [head = '', ...rows] = table(
    header,
    sites.map((site) => [
      site.serverName,
      recordsCell(site.records, tense),
      certificateCell(site.certificate, tense, now),
      site.certificate?.nextRenewalAt == null ? '-' : day(site.certificate.nextRenewalAt),
      deployCell(site.deploy, tense),
    ]),
  );
  const body = rows.map((row, index) => (sites[index]?.ok === true ? row : paint('bad', row)));
  const changes = sites.flatMap((site) => changeLines(site, paint));
  const warnings = sites.flatMap((site) => warningLines(site, paint));
  const troubles = sites.flatMap((site) => troubleLines(site, paint));
  const sections = [changes, warnings, troubles].flatMap(section);
  return [paint('bold', head), ...body, ...sections, ''].join('\n');
}

function section(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

const RECORD_WORDS: Readonly<Record<Tense, Readonly<Record<RecordReport['action'], string>>>> = {
  done: {
    create: 'created',
    update: 'updated',
    delete: 'deleted',
    keep: 'unchanged',
    refuse: 'refused',
    fail: 'failed',
  },
  planned: {
    create: 'to create',
    update: 'to update',
    delete: 'to delete',
    keep: 'unchanged',
    refuse: 'refused',
    fail: 'unknown',
  },
};

function recordsCell(records: readonly RecordReport[], tense: Tense): string {
  if (records.length === 0) return '-';
  return [...new Set(records.map(({ action }) => RECORD_WORDS[tense][action]))].join(', ');
}

function certificateCell(certificate: CertificateReport | null, tense: Tense, now: Date): string {
  if (certificate === null) return '-';
  const word = {
    issue: tense === 'done' ? 'issued' : 'to issue',
    renew: tense === 'done' ? 'renewed' : 'to renew',
    rollback: 'rolled back',
    import: 'imported',
    keep: certificate.held === true ? 'held' : 'valid',
    fail: certificate.notAfter === null ? 'failed' : 'renewal failed',
  }[certificate.action];
  if (certificate.notAfter === null) return word;
  const left = new Date(certificate.notAfter).getTime() - now.getTime();
  const until = left <= 0 ? 'EXPIRED' : certificate.urgency === undefined ? 'until' : 'ONLY UNTIL';
  return `${word}, ${until} ${day(certificate.notAfter)} (${span(left)})`;
}

function deployCell(deploy: DeployReport | null, tense: Tense): string {
  if (deploy === null) return '-';
  if (deploy.action === 'fail') return 'not proven';
  if (deploy.action === 'none') return 'none';
  if (tense === 'planned') return deploy.action === 'deploy' ? 'to deploy' : 'unchanged';
  const steps = [
    ...(deploy.action === 'deploy' ? ['written'] : ['unchanged']),
    ...(deploy.reloaded ? ['reloaded'] : []),
    ...(deploy.verified ? ['proven'] : []),
  ];
  return steps.join(', ');
}

function changeLines(
  { serverName, records, certificate, wellKnown, lastSuccess }: SiteReport,
  paint: Paint,
): string[] {
  const lines = records.flatMap((record) => {
    if (record.unknown !== undefined)
      return [paint('warn', `? ${record.name} ${record.type} is wanted; its value is ${record.unknown}`)];
    if (record.action === 'keep')
      return record.foreign === true
        ? [
            `  ${record.name} ${record.type} is as wanted, but not made by us (\`delegated adopt\` takes it over)`,
          ]
        : [];
    // It must not look as if it were done.
    if (record.action === 'refuse' || record.action === 'fail')
      return (record.after ?? []).map((value) =>
        paint(
          'warn',
          `! ${record.name} ${record.ttl} ${record.type} ${value} is wanted, and ${record.action === 'refuse' ? 'was refused' : 'failed'}`,
        ),
      );
    return [
      ...(record.before ?? []).map((value) => paint('bad', `- ${record.name} ${record.type} ${value}`)),
      ...(record.after ?? []).map((value) =>
        paint('good', `+ ${record.name} ${record.ttl} ${record.type} ${value}`),
      ),
    ];
  });
  lines.push(...(wellKnown?.files ?? []).map((file) => paint('good', `+ ${file}`)));
  // Only `status` tells of the past, and of why things are to come; a hold must not be forgotten.
  const told = lastSuccess !== undefined || (certificate?.held === true && certificate.action === 'keep');
  if (certificate?.nextRenewalAt != null && told) {
    const issued = certificate.ca === null ? '' : `; issued by ${new URL(certificate.ca).host}`;
    lines.push(
      paint(
        'dim',
        `  ${serverName}: next renewal at ${day(certificate.nextRenewalAt)}: ${certificate.nextRenewalReason ?? ''}${issued}`,
      ),
    );
  }
  if (certificate !== null && certificate.action !== 'keep') {
    lines.push(`  certificate for ${certificate.names.join(', ')}: ${certificate.reason}`);
    if (certificate.directory !== null) lines.push(paint('dim', `  ${certificate.directory}`));
    if (certificate.ca !== null) lines.push(paint('dim', `  from ${new URL(certificate.ca).host}`));
  }
  return lines;
}

function warningLines({ serverName, warnings = [] }: SiteReport, paint: Paint): string[] {
  return warnings.flatMap(({ code, message, hint }) => [
    paint('warn', `${serverName}: warning: ${code}: ${message}`),
    `  → ${hint}`,
  ]);
}

function troubleLines({ serverName, errors, lastError }: SiteReport, paint: Paint): string[] {
  // What is wrong just now, as far as it was looked at, and how the last run ended where that is another matter.
  const isNews = lastError != null && errors.every(({ message }) => message !== lastError.message);
  const past = isNews ? [{ ...lastError, message: `${lastError.message} (at ${lastError.at})` }] : [];
  return [...errors, ...past].flatMap(({ code, message, hint, retryAt }) => [
    paint('bad', `${serverName}: ${code}: ${message}`),
    ...(hint === undefined ? [] : [`  → ${hint}`]),
    ...(retryAt === undefined ? [] : [`  not before ${retryAt}`]),
  ]);
}

export function day(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}

/** In the largest unit that says something: certificates live from minutes (a lab) to months. */
export function span(ms: number): string {
  const minutes = Math.abs(ms) / 60_000;
  const text =
    minutes >= 2 * 1_440
      ? `${Math.floor(minutes / 1_440)} days`
      : minutes >= 120
        ? `${Math.floor(minutes / 60)} hours`
        : `${Math.floor(minutes)} minutes`;
  return ms < 0 ? `${text} ago` : text;
}
