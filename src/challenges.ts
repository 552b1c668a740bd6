/**
 * Verb: the challenge values of one order, in the zones and out again. They go the same way as every other RRset; only
 * that single values are added and removed, because several writers may share the name.
 */
import type { Authorization } from './acme/order.ts';
import type { Config, SiteConfig } from './config/config.ts';
import type { Change } from './dns/change.ts';
import { type DomainName, isWithin, under } from './dns/domain-name.ts';
import { fenceAround } from './dns/fence.ts';
import { BACKOFF, DelegatedError, asDelegatedError } from './errors.ts';
import { groupBy } from './group-by.ts';
import { followChallenge, serversToAsk } from './lookup.ts';
import type { AcmeClient, Ctx, DnsResponse, Ports } from './ports.ts';
import { awaitServed, propagationMs } from './propagation.ts';
import type { ChallengeValue } from './schedule/state.ts';
import { together } from './together.ts';
import { zoneAccess } from './zone-access.ts';

/** Seconds. The value lives for seconds, and resolvers should forget it soon. */
const CHALLENGE_TTL = 60;

/** Where the value of each pending authorization has to go. Changes nothing. */
export async function locateChallenges(
  site: SiteConfig,
  authorizations: readonly Authorization[],
  acme: AcmeClient,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<ChallengeValue[]> {
  const places = new Map<DomainName, Promise<Omit<ChallengeValue, 'value'>>>();
  const results = await Promise.allSettled(
    authorizations.map(async ({ name, dns01 }) => {
      if (dns01 === undefined)
        throw new DelegatedError('E_ACME_AUTHORIZATION', `the CA offers no dns-01 challenge for ${name}`, {
          hint: 'use a CA that validates by DNS',
        });
      // The apex and its wildcard share a name.
      const place = places.get(name) ?? placeOf(site, under('_acme-challenge', name), config, ports, ctx);
      places.set(name, place);
      return { ...(await place), value: acme.dns01Value(dns01.token) };
    }),
  );
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [asDelegatedError(result.reason)] : [],
  );
  if (failures[0] !== undefined) throw together(failures[0], failures);
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** Publishes all the values, one change set per zone, and waits until every authoritative server has them. */
export async function publishChallenges(
  site: SiteConfig,
  challenges: readonly ChallengeValue[],
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  await changeValues('add', challenges, ports, ctx);
  await Promise.all(challenges.map((challenge) => proveServed(site, challenge, config, ports, ctx)));
}

/**
 * Takes exactly our values out again.
 * @throws DelegatedError of the first zone that refuses; the others are done all the same
 */
export async function removeChallenges(
  challenges: readonly ChallengeValue[],
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  await changeValues('remove', challenges, ports, ctx);
}

/** Where the TXT values of a name that a CA looks at have to go: aliases followed, the zone found. */
export async function placeOf(
  site: SiteConfig,
  challenge: DomainName,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<Omit<ChallengeValue, 'value'>> {
  const provider = site.challengeProvider ?? site.provider;
  const configured = config.providers.get(site.provider)?.nameServers ?? [];
  const writer = await ports.provider(provider);
  // An alias may lead to the name server of this process, and whoever follows it asks there.
  await writer.listen?.(ctx);
  const end = await followChallenge(challenge, configured, ports, ctx);
  const access = zoneAccess(writer, ports.clock);
  const named =
    site.zone === undefined || provider !== site.provider ? null : await access.namedZone(site.zone, ctx);
  // A CNAME may lead into another zone of the same account.
  const zone = named !== null && isWithin(end, named.name) ? named : await access.findZone(end, ctx);
  const target = zone === null ? await access.challengeTarget(challenge, ctx) : null;
  if (target !== null)
    throw new DelegatedError(
      'E_CHALLENGE_CNAME',
      `the provider "${provider}" answers for ${target}, and ${challenge} does not lead there`,
      {
        hint: `add this record once, and remove whatever else stands at the name: ${challenge} CNAME ${target}`,
        retry: BACKOFF,
      },
    );
  if (zone === null)
    throw new DelegatedError('E_ZONE_NOT_FOUND', `the provider "${provider}" has no zone for ${end}`, {
      hint:
        site.challengeProvider === undefined
          ? 'if another account hosts that zone, name its provider: `challenge: { provider: … }`'
          : 'does `challenge.provider` of the site name the right provider?',
    });
  const nameServers = config.providers.get(provider)?.nameServers ?? [];
  const place = { provider, zoneId: zone.id, zoneName: zone.name, name: end };
  return nameServers.length === 0 ? place : { ...place, nameServers };
}

async function changeValues(
  op: 'add' | 'remove',
  challenges: readonly ChallengeValue[],
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const groups = groupBy(challenges, ({ provider, zoneId }) => `${provider} ${zoneId}`);
  const results = await Promise.allSettled(
    [...groups.values()].map(async (group) => {
      const [first] = group;
      if (first === undefined) return;
      const zone = { id: first.zoneId, name: first.zoneName };
      const names = groupBy(group, ({ name }) => name);
      const changes: Change[] = [...names.values()].map((of) => ({
        op,
        name: (of[0] ?? first).name,
        type: 'TXT',
        ttl: CHALLENGE_TTL,
        // A value that two runs noted stands there once.
        values: [...new Set(of.map(({ value }) => value))],
      }));
      const fence = fenceAround(group.map(({ name }) => ({ name, type: 'TXT' })));
      const access = zoneAccess(await ports.provider(first.provider), ports.clock);
      // Both operations are idempotent, so an unknown outcome is settled by doing it once more.
      await access.write(zone, changes, fence, ctx).catch((thrown: unknown) => {
        const error = asDelegatedError(thrown);
        if (error.outcome === 'not-applied' || ctx.signal.aborted) throw error;
        return access.write(zone, changes, fence, ctx);
      });
    }),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw asDelegatedError(failure.reason);
}

async function proveServed(
  site: SiteConfig,
  challenge: ChallengeValue,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const configured = config.providers.get(challenge.provider)?.nameServers ?? [];
  const { capabilities } = await ports.provider(challenge.provider);
  await awaitServed(
    {
      name: challenge.name,
      type: 'TXT',
      description: `"${challenge.value}"`,
      seen: (response) => holdsValue(response, challenge),
    },
    await serversToAsk(challenge.zoneName, configured, ports, ctx),
    propagationMs(config.propagationTimeoutMs, capabilities),
    {
      ...ports,
      waitingFor: (names) => {
        ports.progress(
          site.serverName.text,
          `waiting for ${names.join(', ')} to serve ${challenge.name} TXT`,
        );
      },
    },
    ctx,
  );
}

function holdsValue({ answers }: DnsResponse, { value }: ChallengeValue): boolean {
  return answers.some((record) => record.type === 'TXT' && record.data === value);
}
