import { examine } from '../doctor.ts';
import { createHomeserverFiles } from '../io/homeserver-files.ts';
import { createRightsLooker } from '../io/rights-looker.ts';
import { createContext } from './context.ts';
import { renderDoctor } from './render-doctor.ts';
import { selectSites } from './select-sites.ts';
import { createTools, readConfig } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';
import { paintFor } from './table.ts';

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
    else if (flags.quiet !== true || !report.ok)
      shell.out(renderDoctor(report, paintFor(flags, shell), shell.columns ?? null));
    return report.ok ? 0 : UNWELL;
  } finally {
    await context.close();
  }
}
