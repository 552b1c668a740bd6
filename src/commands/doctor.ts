import { examine } from '../doctor.ts';
import type { Condition } from '../health/finding.ts';
import type { DoctorReport } from '../health/doctor-report.ts';
import { createHomeserverFiles } from '../io/homeserver-files.ts';
import { createRightsLooker } from '../io/rights-looker.ts';
import { createContext } from './context.ts';
import { findingLines } from './render-check.ts';
import { selectSites } from './select-sites.ts';
import { createTools, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';
import { type Paint, paintFor } from './table.ts';

const UNWELL = 3;

/**
 * Everything that would make renew fail, before it does. No session of the usual kind: that one makes the state
 * directory, and refuses to start with one that is unsafe, which is to be told of here.
 */
export async function doctorCommand(
  names: readonly string[],
  flags: GlobalOptions,
  shell: Shell,
): Promise<number> {
  const tools = createTools(flags, shell);
  const config = await readConfig(flags, shell, tools);
  const sites = selectSites(config, names);
  const { signal, version, env, host } = shell;
  const context = createContext(config, { ...tools, signal, version, env, host });
  try {
    const ports = {
      ...context.ports,
      rights: createRightsLooker(),
      homeserver: createHomeserverFiles(),
    };
    const report = await examine(sites, config, ports, context.ctx);
    if (flags.json === true) shell.out(`${JSON.stringify(report, null, 2)}\n`);
    else if (flags.quiet !== true || !report.ok) shell.out(doctorText(report, paintFor(flags, shell)));
    return report.ok ? 0 : UNWELL;
  } finally {
    await context.close();
  }
}

function doctorText({ installation, sites }: DoctorReport, paint: Paint): string {
  return [
    ...(installation.findings.length === 0 ? [] : block('the installation', installation, paint)),
    ...sites.flatMap((site) => block(site.serverName, site, paint)),
  ].join('\n');
}

function block(
  title: string,
  { ok, findings }: { readonly ok: boolean; readonly findings: readonly Condition[] },
  paint: Paint,
): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const verdict = ok
    ? 'nothing is in the way of the next renewal'
    : errors === 0
      ? 'nothing of its own is in the way, but the installation is not well'
      : 'the next renewal would fail';
  return [
    `${ok ? paint('good', 'GOOD') : paint('bad', 'BAD ')}  ${paint('bold', `${title}: ${verdict}`)}`,
    ...findings.flatMap((finding) => ['', ...findingLines(finding, paint)]),
    '',
  ];
}
