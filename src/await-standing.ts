/** Verb: waits until every authoritative server has the standing values that the CA is about to look for. */
import { judgeStanding } from './acme/standing-value.ts';
import type { Config, SiteConfig } from './config/config.ts';
import { BACKOFF, DelegatedError, asDelegatedError } from './errors.ts';
import { followChallenge, serversToAsk, zoneApex } from './lookup.ts';
import { firstProof } from './name-servers.ts';
import type { Ctx, DnsResponse, Ports } from './ports.ts';
import { type Wanted, awaitServed, propagationMs } from './propagation.ts';
import type { StandingName } from './standing-names.ts';
import { standingTrouble } from './standing-trouble.ts';
import { together } from './together.ts';

/**
 * @throws DelegatedError E_STANDING_VALUE where what is served is not good, E_NOT_PROPAGATED where a server lags,
 * E_CHALLENGE_CNAME, E_DNS_UNANSWERED
 */
export async function awaitStanding(
  site: SiteConfig,
  names: readonly StandingName[],
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const results = await Promise.allSettled(names.map((name) => awaitOne(site, name, config, ports, ctx)));
  const failures = results.flatMap((result) =>
    result.status === 'rejected' ? [asDelegatedError(result.reason)] : [],
  );
  if (failures[0] !== undefined) throw together(failures[0], failures);
}

async function awaitOne(
  site: SiteConfig,
  standing: StandingName,
  config: Config,
  ports: Ports,
  ctx: Ctx,
): Promise<void> {
  const provider = site.challengeProvider ?? site.provider;
  const configured = config.providers.get(provider)?.nameServers ?? [];
  const { capabilities } = await ports.provider(provider);
  const end = await followChallenge(standing.name, configured, ports, ctx);
  const servers = await serversToAsk(await zoneApex(end, ports, ctx), configured, ports, ctx);
  const verdict = (response: DnsResponse) =>
    judgeStanding(textsAt(response), standing.need, ports.clock.now());
  const wanted: Wanted = {
    name: end,
    type: 'TXT',
    description: 'with the standing value',
    seen: (response) => verdict(response).kind === 'good',
  };
  const waitingFor = (lagging: readonly string[]): void => {
    ports.progress(site.serverName.text, `waiting for ${lagging.join(', ')} to serve ${end} TXT`);
  };
  const patience = propagationMs(config.propagationTimeoutMs, capabilities);
  try {
    await awaitServed(wanted, servers, patience, { ...ports, waitingFor }, ctx);
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code !== 'E_NOT_PROPAGATED') throw error;
    const question = { name: end, type: 'TXT' } as const;
    const found = await firstProof(servers, question, ports, ctx).then(verdict, (silent: unknown) => {
      if (asDelegatedError(silent).code === 'E_DNS_UNANSWERED') return null;
      throw silent;
    });
    // Where nobody says what stands there, the error says why of each of them.
    if (found === null || found.kind === 'good') throw error;
    const { message, fix } = standingTrouble(found, standing);
    throw new DelegatedError('E_STANDING_VALUE', message, { hint: fix, retry: BACKOFF, cause: error });
  }
}

function textsAt({ answers }: DnsResponse): string[] {
  return answers.flatMap((record) => (record.type === 'TXT' ? [record.data] : []));
}
