import type { CheckReport, TargetReport } from '../federation/check-report.ts';
import type { Finding } from '../federation/finding.ts';
import type { Paint, Tone } from './table.ts';

/** A report that someone who never read the specification understands: the verdict first. */
export function renderCheck(report: CheckReport, paint: Paint): string {
  const { ok, verdict, steps, targets, findings } = report;
  return [
    `${ok ? paint('good', 'GOOD') : paint('bad', 'BAD ')}  ${paint('bold', verdict)}`,
    '',
    '  What a peer does:',
    ...steps.map((step, index) => `  ${String(index + 1).padStart(3)}. ${step}`),
    '',
    ...(targets.length === 0
      ? ['  There is no address to connect to.']
      : targets.map((target) => targetLine(target, paint))),
    ...findings.flatMap((finding) => ['', ...findingLines(finding, paint)]),
    '',
  ].join('\n');
}

function targetLine({ address, port, host, ok, tls, software, error }: TargetReport, paint: Paint): string {
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
  return `  ${mark}  ${address} port ${port}${at}: ${facts.join('; ')}`;
}

const TONES: Readonly<Record<Finding['severity'], Tone>> = { error: 'bad', warning: 'warn', info: 'dim' };

function findingLines({ code, severity, message, evidence, fix }: Finding, paint: Paint): string[] {
  return [
    `  ${paint(TONES[severity], severity.padEnd(7))}  ${message} [${code}]`,
    ...evidence.map((line) => paint('dim', `             ${line}`)),
    `           → ${fix}`,
  ];
}
