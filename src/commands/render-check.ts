import type { CheckReport, TargetReport } from '../federation/check-report.ts';
import type { Finding } from '../federation/finding.ts';
import type { Paint, Tone } from './table.ts';
import { printable, wrapped } from './wrap.ts';

/** A report that someone who never read the specification understands: the verdict first. */
export function renderCheck(report: CheckReport, paint: Paint, columns: number | null = null): string {
  const { ok, verdict, steps, targets, findings } = report;
  return [
    `${ok ? paint('good', 'GOOD') : paint('bad', 'BAD ')}  ${paint('bold', wrapped(printable(verdict), columns, 6))}`,
    '',
    '  What another homeserver (a peer) does:',
    ...steps.map(
      (step, index) => `  ${String(index + 1).padStart(3)}. ${wrapped(printable(step), columns, 7)}`,
    ),
    '',
    ...(targets.length === 0
      ? ['  There is no address to connect to.']
      : targets.map((target) => targetLine(target, paint, columns))),
    ...findings.flatMap((finding) => ['', ...findingLines(finding, paint, columns)]),
    '',
  ].join('\n');
}

function targetLine(
  { address, port, host, ok, tls, software, error }: TargetReport,
  paint: Paint,
  columns: number | null,
): string {
  const at = host === address ? '' : ` (${host})`;
  const facts = [
    ...(tls === null
      ? []
      : [
          tls.protocol.replace('v', ' '),
          `certificate for ${tls.names.join(', ') || 'no name'} until ${tls.notAfter.slice(0, 10)}`,
        ]),
    ...(software === null ? [] : [software]),
    ...(error === null ? [] : [error]),
  ];
  const mark = ok ? paint('good', 'ok  ') : paint('bad', 'FAIL');
  return `  ${mark}  ${wrapped(`${address} port ${port}${at}: ${printable(facts.join('; '))}`, columns, 8)}`;
}

const TONES: Readonly<Record<Finding['severity'], Tone>> = { error: 'bad', warning: 'warn', info: 'dim' };

/** One finding, of `check` or of `doctor`. */
export function findingLines(
  { code, severity, message, evidence, fix }: Finding<string>,
  paint: Paint,
  columns: number | null,
): string[] {
  return [
    `  ${paint(TONES[severity], severity.padEnd(7))}  ${wrapped(`${printable(message)} [${code}]`, columns, 11)}`,
    ...evidence.map((line) => paint('dim', `             ${wrapped(printable(line), columns, 13)}`)),
    `           → ${wrapped(printable(fix), columns, 13)}`,
  ];
}
