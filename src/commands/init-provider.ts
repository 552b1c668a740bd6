import { findAdapter, providerTypes } from '../../providers/registry.ts';
import type { TemplateAnswers } from '../config/template.ts';
import { relativeToRoot } from '../dns/domain-name.ts';
import { type DnsHost, dnsHostOf } from '../dns/dns-host.ts';
import { DelegatedError } from '../errors.ts';
import { askBuiltin } from './init-builtin.ts';
import type { ZoneSight } from './init-look.ts';
import type { SecretFile } from './init-secret.ts';
import { type ProviderAnswers, type SettingsPlace, askSettings } from './init-settings.ts';
import type { Choice, Interview } from './interview.ts';

/** Who writes the SRV records, and who the challenge values where that is somebody else. */
export interface ProviderChoice {
  readonly provider: string;
  readonly challenge: string | null;
}

export interface ProvidersAnswers {
  readonly answers: Pick<TemplateAnswers, 'provider' | 'settings' | 'challenge'>;
  readonly secrets: readonly SecretFile[];
  /** Programs that are started for each change. */
  readonly programs: readonly string[];
  /** Records that lead challenge values to the name server inside delegated, one line each; typed once, by hand. */
  readonly byHand: readonly string[];
}

const BY_HAND: readonly Choice[] = [
  { name: 'manual', words: 'you, for each renewal: `renew` prints what to type there, and waits' },
  {
    name: 'manual+builtin',
    words:
      'you type the SRV record and three more once; this program answers for the rest itself, on port 53 of this machine',
  },
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

export interface ProviderWishes {
  /** Of `--provider`. */
  readonly type: string | undefined;
  /** Of `--name-server`. */
  readonly nameServers: readonly string[] | undefined;
}

/** Who writes into the zone, and the settings of each of them. */
export async function askProvider(
  sight: ZoneSight,
  place: SettingsPlace,
  { type, nameServers }: ProviderWishes,
  interview: Interview,
): Promise<ProvidersAnswers> {
  interview.say('');
  const chosen =
    type === undefined
      ? await chooseProvider(sight, place.folder, interview)
      : await splitProvider(type, place.folder);
  const { provider, challenge } = chosen;
  if (challenge !== null && !BY_HAND.some(({ name }) => name === `${provider}+${challenge}`))
    interview.say(
      `${challenge} writes challenge values and no SRV records: those you type once, and they are watched.`,
    );
  const main = await askSettings(provider, place, interview);
  const mains = { provider, settings: main.settings };
  if (challenge === null) return { answers: mains, ...together([main]), byHand: [] };
  if (challenge === 'builtin') {
    const { settings, byHand } = await askBuiltin(place.serverName, interview);
    return {
      answers: { ...mains, challenge: { provider: challenge, settings } },
      ...together([main]),
      byHand,
    };
  }
  const other = await askSettings(challenge, place, interview);
  // The values that go to acme-dns are served by acme-dns.
  const asked = challenge === 'acme-dns' || nameServers === undefined ? {} : { nameServers };
  return {
    answers: { ...mains, challenge: { provider: challenge, settings: other.settings, ...asked } },
    ...together([main, other]),
    byHand: [],
  };
}

function together(all: readonly ProviderAnswers[]): Pick<ProvidersAnswers, 'secrets' | 'programs'> {
  return {
    secrets: all.flatMap(({ secrets }) => secrets),
    programs: all.flatMap(({ program }) => program ?? []),
  };
}

/**
 * A type that cannot write SRV records is for the challenges alone.
 * @throws DelegatedError E_USAGE
 */
export async function splitProvider(type: string, configFolder: string): Promise<ProviderChoice> {
  const adapter = await findAdapter(type, configFolder);
  if (adapter === null)
    throw new DelegatedError('E_USAGE', `there is no provider type "${type}"`, {
      hint: `there are ${providerTypes().join(', ')}`,
    });
  return adapter.capabilities.types.includes('SRV')
    ? { provider: type, challenge: null }
    : { provider: 'manual', challenge: type };
}

/** What the names of the servers tell of the host, and what follows from it. */
async function chooseProvider(
  zone: ZoneSight,
  configFolder: string,
  interview: Interview,
): Promise<ProviderChoice> {
  const host = zone.kind === 'zone' ? dnsHostOf(zone.servers) : null;
  interview.say(zoneText(zone, host));
  const read = async (answer: string): Promise<string> => {
    const { provider, challenge } = await splitProvider(answer, configFolder);
    return challenge === null ? provider : `${provider}+${challenge}`;
  };
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
  return `${where}: that is ${host.title}, whose API this program does not speak. lego does, as "${host.by.lego}": a program that calls it, or any script of yours, can write the values that each renewal needs (manual+exec). The SRV record is then typed once, by you, where ${host.title} shows the records of your zone, and watched.`;
}
