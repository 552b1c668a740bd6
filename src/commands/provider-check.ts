import { dirname } from 'node:path';
import { findAdapter } from '../../providers/registry.ts';
import type { ProviderConfig, SiteConfig } from '../config/config.ts';
import { relativeToRoot, under, withoutWildcard } from '../dns/domain-name.ts';
import { recordKeys } from '../dns/fence.ts';
import { type RRsetKey, keyText } from '../dns/rrset.ts';
import { asDelegatedError } from '../errors.ts';
import { wantedNames } from '../issuance.ts';
import { followChallenge } from '../lookup.ts';
import { desiredRecords } from '../matrix/delegation.ts';
import { mapConcurrent } from '../pool.ts';
import type { CheckItem, DnsProvider } from '../ports.ts';
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

/** What the config has a provider write for one site. */
interface Use {
  readonly site: SiteConfig;
  readonly keys: readonly RRsetKey[];
}

const FAILED = 3;
const SITES_AT_ONCE = 16;

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

async function check(configured: ProviderConfig, context: Context): Promise<Checked> {
  const { name, type, variables } = configured;
  const items: CheckItem[] = [];
  let uses: readonly Use[] = [];
  try {
    const provider = await context.ports.provider(name);
    items.push(...(await provider.check(context.ctx)));
    uses = await mapConcurrent(sitesOf(name, context), SITES_AT_ONCE, (site) =>
      useOf(configured, site, context),
    );
    items.push(...(await mapConcurrent(uses, SITES_AT_ONCE, (use) => zoneItem(provider, use, context))));
  } catch (thrown) {
    items.push(failure(thrown));
  }
  // One that cannot be loaded is told of above.
  const adapter = await findAdapter(type, dirname(context.config.file)).catch(() => null);
  const keys = new Map(uses.flatMap((use) => use.keys.map((key) => [keyText(key), key])));
  return {
    provider: name,
    type,
    ok: items.every(({ ok }) => ok),
    items,
    environment: variables,
    policy: keys.size === 0 ? '' : (adapter?.policy([...keys.values()]) ?? ''),
  };
}

function sitesOf(provider: string, { config }: Context): readonly SiteConfig[] {
  return config.sites.filter((site) => [site.provider, site.challengeProvider].includes(provider));
}

async function useOf(
  { name, nameServers }: ProviderConfig,
  site: SiteConfig,
  context: Context,
): Promise<Use> {
  const names = desiredRecords(site).flatMap((each) => (each.rrset === null ? [] : [each.name]));
  const records = site.provider === name ? recordKeys(names) : [];
  if (site.certificate === null || (site.challengeProvider ?? site.provider) !== name)
    return { site, keys: records };
  const ends = wantedNames(site).map(async (wanted): Promise<RRsetKey> => {
    const challenge = under('_acme-challenge', withoutWildcard(wanted));
    // Without an answer the name itself is the best guess; the zone is looked for below in any case.
    const end = followChallenge(challenge, nameServers, context.ports, context.ctx);
    return { name: await end.catch(() => challenge), type: 'TXT' };
  });
  return { site, keys: [...records, ...(await Promise.all(ends))] };
}

async function zoneItem(provider: DnsProvider, { site, keys }: Use, { ctx }: Context): Promise<CheckItem> {
  const name = site.serverName.text;
  if (site.zone !== undefined)
    return { ok: true, message: `${name}: the config names the zone ${site.zone}` };
  try {
    const found = await Promise.all(keys.map((key) => provider.findZone(key.name, ctx)));
    const lost = keys.filter((_, index) => found[index] === null);
    const zones = [...new Set(found.flatMap((zone) => (zone === null ? [] : [relativeToRoot(zone.name)])))];
    if (lost.length === 0) return { ok: true, message: `${name}: in the zone ${zones.join(', ')}` };
    return {
      ok: false,
      message: `${name}: no zone for ${[...new Set(lost.map((key) => key.name))].join(', ')}`,
      hint: 'is the domain at this provider, and do the credentials cover its zone?',
    };
  } catch (thrown) {
    const { message, ...rest } = failure(thrown);
    return { ...rest, message: `${name}: ${message}` };
  }
}

function failure(thrown: unknown): CheckItem {
  const { code, message, hint } = asDelegatedError(thrown);
  return { ok: false, message: `${code}: ${message}`, ...(hint === undefined ? {} : { hint }) };
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
