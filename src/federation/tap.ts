import type { CheckReport } from './check-report.ts';
import { FINDINGS, type Finding } from './finding.ts';

/**
 * TAP 14: one test for each server, and one for each finding that there can be. What is no error is marked TODO, which
 * a harness shows and does not count.
 */
export function tapText(reports: readonly CheckReport[]): string {
  const codes = Object.entries(FINDINGS);
  const lines = reports.flatMap(({ serverName, findings, ok }, index) => {
    const first = index * (codes.length + 1) + 1;
    return [
      `${ok ? 'ok' : 'not ok'} ${first} - ${serverName} federates`,
      ...codes.flatMap(([code, [, title]], at) => {
        const found = findings.filter((each) => each.code === code);
        const bad = found.some(({ severity }) => severity === 'error');
        const failed = bad || found.some(({ severity }) => severity === 'warning');
        // An info passes, and a test that passes although it is TODO is news to a harness.
        const todo = failed && !bad ? ' # TODO warning' : '';
        return [
          `${failed ? 'not ok' : 'ok'} ${first + 1 + at} - ${serverName} ${code} is not found: ${title}${todo}`,
          ...found.flatMap(diagnostic),
        ];
      }),
    ];
  });
  return `${['TAP version 14', `1..${reports.length * (codes.length + 1)}`, ...lines].join('\n')}\n`;
}

/** TAP 14 § "YAML Diagnostics"; JSON is YAML. */
function diagnostic({ message, evidence, fix }: Finding): string[] {
  return [
    '  ---',
    ...Object.entries({ message, evidence, fix }).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`),
    '  ...',
  ];
}
