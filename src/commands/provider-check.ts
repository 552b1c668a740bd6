import { dirname } from 'node:path';
import { findAdapter } from '../../providers/registry.ts';
import { checkProvider } from '../check-provider.ts';
import type { ProviderConfig } from '../config/config.ts';
import { keyText } from '../dns/rrset.ts';
import type { CheckItem } from '../ports.ts';
import type { Context } from './context.ts';
import { selectProviders } from './select-providers.ts';
import { withSession } from './session.ts';
import type { GlobalOptions, Shell } from './shell.ts';
import { type Paint, paintFor } from './table.ts';

interface Checked {
  readonly provider: string;
  readonly type: string;
  readonly ok: boolean;
  readonly items: readonly CheckItem[];
  /** By setting: the variable of the environment that it came from. */
  readonly environment: Readonly<Record<string, string>>;
  /** The least rights that are enough for what the config has it write. */
  readonly policy: string;
}

const FAILED = 3;

/** Are the credentials good and the rights enough? Changes nothing. */
export async function providerCheckCommand(
  names: readonly string[],
  flags: GlobalOptions,
  shell: Shell,
): Promise<number> {
  return withSession(flags, shell, { lock: 'none' }, async (context) => {
    const chosen = selectProviders(context.config, names);
    const checked = await Promise.all(chosen.map((provider) => check(provider, context)));
    const ok = checked.every((each) => each.ok);
    if (flags.json === true)
      shell.out(`${JSON.stringify({ version: 1, ok, providers: checked }, null, 2)}\n`);
    else if (flags.quiet !== true || !ok)
      shell.out(checked.map((each) => checkText(each, paintFor(flags, shell))).join('\n'));
    return ok ? 0 : FAILED;
  });
}

async function check(configured: ProviderConfig, { config, ports, ctx }: Context): Promise<Checked> {
  const { name, type, variables } = configured;
  const { items, keys } = await checkProvider(configured, config.sites, ports, ctx);
  // One that cannot be loaded is told of in the items.
  const adapter = await findAdapter(type, dirname(config.file)).catch(() => null);
  const distinct = new Map(keys.map((key) => [keyText(key), key]));
  return {
    provider: name,
    type,
    ok: items.every(({ ok }) => ok),
    items,
    environment: variables,
    policy: distinct.size === 0 ? '' : (adapter?.policy([...distinct.values()]) ?? ''),
  };
}

function checkText({ provider, type, items, environment, policy }: Checked, paint: Paint): string {
  const lines = items.flatMap(({ ok, message, hint }) => [
    `  ${ok ? paint('good', 'ok  ') : paint('bad', 'FAIL')}  ${message}`,
    ...(hint === undefined ? [] : [`        → ${hint}`]),
  ]);
  const lent = Object.entries(environment).map(
    ([key, variable]) => `        ${key} comes from ${variable} in the environment`,
  );
  const least =
    policy === ''
      ? []
      : ['  the least rights that are enough:', ...policy.split('\n').map((line) => `    ${line}`.trimEnd())];
  return [paint('bold', `${provider} (${type})`), ...lines, ...lent, ...least, ''].join('\n');
}
