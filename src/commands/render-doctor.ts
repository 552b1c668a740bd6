import type { DoctorReport } from '../health/doctor-report.ts';
import type { Condition } from '../health/finding.ts';
import { findingLines } from './render-check.ts';
import type { Paint } from './table.ts';
import { wrapped } from './wrap.ts';

/** @param columns of the terminal; null where there is none */
export function renderDoctor(
  { installation, sites }: DoctorReport,
  paint: Paint,
  columns: number | null,
): string {
  return [
    ...(installation.findings.length === 0 ? [] : block('the installation', installation, paint, columns)),
    ...sites.flatMap((site) => block(site.serverName, site, paint, columns)),
  ].join('\n');
}

function block(
  title: string,
  { ok, findings }: { readonly ok: boolean; readonly findings: readonly Condition[] },
  paint: Paint,
  columns: number | null,
): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const verdict = ok
    ? 'nothing is in the way of the next renewal'
    : errors === 0
      ? 'nothing of its own is in the way, but the installation is not well'
      : 'the next renewal would fail';
  return [
    `${ok ? paint('good', 'GOOD') : paint('bad', 'BAD ')}  ${paint('bold', wrapped(`${title}: ${verdict}`, columns, 6))}`,
    ...findings.flatMap((finding) => ['', ...findingLines(finding, paint, columns)]),
    '',
  ];
}
