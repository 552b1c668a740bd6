import { withDeadline } from '../check-deadline.ts';
import { lookAtServer } from '../check.ts';
import { type DomainName, ROOT, parentName, wireDomainName } from '../dns/domain-name.ts';
import { asDelegatedError } from '../errors.ts';
import type { ServerSight } from '../federation/sight.ts';
import { createSystemClock } from '../io/clock.ts';
import { createSystemDice } from '../io/dice.ts';
import { createDnsClient } from '../io/dns-client.ts';
import { createHttpsLooker } from '../io/https-looker.ts';
import { systemResolvers } from '../io/system-resolvers.ts';
import { nameServersOf, zoneApex } from '../lookup.ts';
import type { DelegableServerName } from '../matrix/server-name.ts';
import type { Ctx, Endpoint } from '../ports.ts';

/** The zone that the records will lie in. */
export type ZoneSight =
  | { readonly kind: 'zone'; readonly apex: DomainName; readonly servers: readonly DomainName[] }
  /** Half a sentence each. */
  | { readonly kind: 'missing' | 'unknown'; readonly why: string };

export interface LookOptions {
  /** Empty: the system's. */
  readonly resolvers: readonly Endpoint[];
  /** PEM of CAs that are trusted too. */
  readonly caCertificates?: string;
  readonly version: string;
}

const ZONE_MS = 10_000;

/** What other servers see today, and who hosts the zone. Takes 15 seconds at most where the file leads nowhere else. */
export async function lookAround(
  serverName: DelegableServerName,
  { resolvers, caCertificates, version }: LookOptions,
  ctx: Ctx,
): Promise<{ readonly sight: ServerSight; readonly zone: ZoneSight }> {
  const ports = {
    clock: createSystemClock(),
    dice: createSystemDice(),
    dns: createDnsClient(),
    https: createHttpsLooker({
      userAgent: `matrix-delegated/${version}`,
      ...(caCertificates === undefined ? {} : { caCertificates }),
    }),
    resolvers: resolvers.length > 0 ? resolvers : systemResolvers(),
  };
  const zoneOf = (name: DomainName): Promise<ZoneSight> =>
    withDeadline(ZONE_MS, ports, ctx, async (bounded, inner) => {
      try {
        const world = { ...ports, ...bounded };
        const apex = await zoneApex(name, world, inner);
        if (apex !== name && parentName(apex) === ROOT)
          return { kind: 'missing', why: `${apex} is the nearest zone, so the domain is not registered` };
        const servers = await nameServersOf(apex, world, inner);
        return { kind: 'zone', apex, servers: servers.map((server) => wireDomainName(server.name)) };
      } catch (thrown) {
        const { code, message } = asDelegatedError(thrown);
        if (code === 'E_ZONE_NOT_FOUND') return { kind: 'missing', why: message };
        if (code === 'E_DNS_UNANSWERED') return { kind: 'unknown', why: message };
        throw thrown;
      }
    });
  const { name } = serverName.host;
  const lab = resolvers.length > 0;
  const [sight, zone] = await Promise.all([
    lookAtServer(serverName, { pins: [], lab }, ports, ctx),
    zoneOf(name),
  ]);
  const to = sight.discovery.delegatedTo?.host;
  return { sight, zone: to?.kind === 'name' && to.name !== name ? await zoneOf(to.name) : zone };
}
