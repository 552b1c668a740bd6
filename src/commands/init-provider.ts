import { dirname, join, basename, resolve } from 'node:path';
import { findAdapter, providerTypes } from '../../providers/registry.ts';
import { settingsIn, withAnswers } from '../config/example-settings.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import { type DnsHost, dnsHostOf } from '../dns/dns-host.ts';
import { DelegatedError } from '../errors.ts';
import type { ZoneSight } from './init-look.ts';
import { type SecretFile, askSecret } from './init-secret.ts';
import type { Choice, Interview } from './interview.ts';

/** Who writes the SRV records, and who the challenge values where that is somebody else. */
export interface ProviderChoice {
  readonly provider: string;
  readonly challenge: string | null;
}

export interface ProviderAnswers {
  readonly settings: string;
  readonly secrets: readonly SecretFile[];
}

const BY_HAND: readonly Choice[] = [
  { name: 'manual', words: 'you, each time: `renew` prints what to type there, and waits' },
  {
    name: 'manual+exec',
    words: 'you type the SRV record once; a program of yours writes the values that each renewal needs',
  },
  {
    name: 'manual+acme-dns',
    words: 'you type the SRV record and a CNAME once; an acme-dns server takes those values',
  },
];

const OWN_SERVERS: readonly Choice[] = [
  { name: 'rfc2136', words: 'a BIND, Knot or PowerDNS of yours, by signed updates' },
  { name: 'powerdns', words: 'a PowerDNS of yours, by its HTTP API' },
  { name: 'webhook', words: 'a webhook of external-dns, which speaks to some 60 DNS hosts' },
];

/** What the names of the servers tell of the host, and what follows from it. */
export async function chooseProvider(
  zone: ZoneSight,
  configFolder: string,
  interview: Interview,
): Promise<ProviderChoice> {
  const host = zone.kind === 'zone' ? dnsHostOf(zone.servers) : null;
  interview.say(zoneText(zone, host));
  const read = (answer: string): Promise<string> => knownProvider(answer, configFolder);
  if (host !== null && 'provider' in host.by) {
    const title = `${host.title} has an API, and this program speaks it (provider ${host.by.provider}). Use that?`;
    if (await interview.confirm(title, true)) return { provider: host.by.provider, challenge: null };
  }
  const choices =
    host !== null && 'lego' in host.by ? [...BY_HAND, ...OWN_SERVERS] : [...OWN_SERVERS, ...BY_HAND];
  const chosen = await interview.choose(
    'Who writes into that zone? (`delegated provider list` has more; type its name.)',
    choices,
    choices[0]?.name ?? 'manual',
    read,
  );
  const [provider = 'manual', challenge = null] = chosen.split('+');
  return { provider, challenge };
}

function zoneText(zone: ZoneSight, host: DnsHost | null): string {
  if (zone.kind !== 'zone') return `Who hosts the zone cannot be seen: ${zone.why}.`;
  const servers = zone.servers.map(relativeToRoot).join(', ');
  const where = `The zone ${relativeToRoot(zone.apex)} is served by ${servers}`;
  if (host === null) return `${where}; these names are of no DNS host that this program knows.`;
  if ('provider' in host.by) return `${where}: that is ${host.title}.`;
  return `${where}: that is ${host.title}, whose API this program does not speak. lego does, as "${host.by.lego}": a program that calls it, or any script of yours, can write the values that each renewal needs (exec). The SRV record is then typed once, by you, in the form of ${host.title}, and watched.`;
}

/** @throws DelegatedError E_USAGE */
export async function knownProvider(answer: string, configFolder: string): Promise<string> {
  if ((await findAdapter(answer, configFolder)) !== null) return answer;
  throw new DelegatedError('E_USAGE', `there is no provider type "${answer}"`, {
    hint: `type a number, or one of ${providerTypes().join(', ')}`,
  });
}

/** Asks for each setting that the adapter shows in its example, with what stands there as the usual answer. */
export async function askSettings(
  type: string,
  serverName: string,
  configFile: string,
  interview: Interview,
): Promise<ProviderAnswers> {
  const folder = dirname(resolve(configFile));
  const adapter = await findAdapter(type, folder);
  const example = adapter?.example(serverName) ?? '';
  const settings = settingsIn(example);
  if (settings.length > 0)
    interview.say(
      `Settings of ${type} (${adapter?.title ?? type}). Enter takes what stands in brackets; "-" leaves a setting out.`,
    );
  const answers = new Map<string, string | null>();
  const secrets: SecretFile[] = [];
  for (const { key, value, kind, comment } of settings) {
    const words = comment === '' ? '' : ` (${comment})`;
    if (kind === 'text') {
      const usual = isMadeUp(value) ? {} : { usual: value };
      const answer = await interview.ask(`  ${key}${words}`, (text) => text, usual.usual);
      answers.set(key, answer === '-' ? null : answer);
      continue;
    }
    const path = join(folder, basename(value));
    answers.set(key, path);
    const secret = await askSecret(`${key}${words}`, path, interview);
    if (secret !== null) secrets.push(secret);
  }
  return { settings: withAnswers(example, answers), secrets };
}

/** Examples of what only the person knows are no answers. */
function isMadeUp(value: string): boolean {
  return /\bexample\b|^my-/.test(value);
}
