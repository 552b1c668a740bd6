/** Waits until every authoritative server of a zone serves what we published. */
import type { DomainName } from './dns/domain-name.ts';
import { BACKOFF, DelegatedError, asDelegatedError } from './errors.ts';
import { type NameServer, endpointText, provesNothing } from './name-servers.ts';
import type { Capabilities, Clock, Ctx, DnsClient, DnsResponse, Endpoint } from './ports.ts';

export interface Wanted {
  readonly name: DomainName;
  readonly type: 'SRV' | 'TXT';
  /** What we published, for messages. */
  readonly description: string;
  /** Does this answer hold it? */
  readonly seen: (response: DnsResponse) => boolean;
}

export interface PropagationPorts {
  readonly dns: DnsClient;
  readonly clock: Clock;
  /** Told which servers do not have it yet, whenever that changes. */
  readonly waitingFor: (servers: readonly string[]) => void;
}

/** What most name servers need is seconds. */
const USUAL_TIMEOUT_MS = 120_000;

/**
 * How long to wait for the name servers, in milliseconds: what the config says, else what is usual, or more where the
 * provider is slow. A person has the time that the provider's own setting gives.
 */
export function propagationMs(
  configured: number | undefined,
  { byHand, propagation }: Pick<Capabilities, 'byHand' | 'propagation'>,
): number {
  if (byHand === true) return propagation.maxMs;
  return configured ?? Math.max(USUAL_TIMEOUT_MS, propagation.maxMs);
}

const FIRST_POLL_MS = 50;
const SLOWEST_POLL_MS = 5_000;
const GROWTH = 1.5;

type Observation =
  | { readonly kind: 'serves' }
  | { readonly kind: 'lacks' | 'silent'; readonly why: string; readonly waitMs: number };

/**
 * Polls each server from 50 ms up, each at its own pace, so that what is added to the true wait is at most half of it
 * and 50 ms, and never more than 5 s, besides the time of the last two questions (2 s each where an address is silent).
 * A server counts when at least one of its addresses serves
 * the value and none that answers says otherwise: an address that cannot be reached from here (IPv6 without IPv6)
 * proves nothing.
 * @throws DelegatedError E_NOT_PROPAGATED (retry: backoff) after `timeoutMs`, naming each server that lags and why
 */
export async function awaitServed(
  wanted: Wanted,
  servers: readonly NameServer[],
  timeoutMs: number,
  ports: PropagationPorts,
  ctx: Ctx,
): Promise<void> {
  const deadline = ports.clock.monotonic() + timeoutMs;
  const lagging = new Map(servers.map((server) => [server.name, 'not asked yet']));
  const watch = async (server: NameServer): Promise<void> => {
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * GROWTH, SLOWEST_POLL_MS)) {
      const observed = await observe(wanted, server, ports, ctx);
      if (observed.kind === 'serves') {
        lagging.delete(server.name);
        return;
      }
      lagging.set(server.name, observed.why);
      ports.waitingFor([...lagging.keys()]);
      const left = deadline - ports.clock.monotonic();
      if (left <= 0) return;
      await ports.clock.sleep(Math.min(Math.max(pause, observed.waitMs), left), ctx.signal);
    }
  };
  await Promise.all(servers.map(watch));
  if (lagging.size > 0) throw notPropagated(wanted, lagging, timeoutMs);
}

async function observe(
  wanted: Wanted,
  server: NameServer,
  ports: PropagationPorts,
  ctx: Ctx,
): Promise<Observation> {
  if (server.endpoints.length === 0)
    return { kind: 'silent', why: 'its name has no address', waitMs: SLOWEST_POLL_MS };
  const seen = await Promise.all(
    server.endpoints.map((endpoint) => observeAddress(wanted, server, endpoint, ports, ctx)),
  );
  return (
    seen.find(({ kind }) => kind === 'lacks') ??
    seen.find(({ kind }) => kind === 'serves') ??
    seen[0] ?? { kind: 'silent', why: 'no answer', waitMs: 0 }
  );
}

async function observeAddress(
  wanted: Wanted,
  server: NameServer,
  endpoint: Endpoint,
  ports: PropagationPorts,
  ctx: Ctx,
): Promise<Observation> {
  try {
    // A resolver that the config names finds nothing by itself, and an authority does not care (RFC 1035 §4.1.1).
    const question = { name: wanted.name, type: wanted.type, recurse: server.configured === true };
    const response = await ports.dns.query(endpoint, question, ctx);
    const trouble = provesNothing(response, server);
    if (trouble === null && wanted.seen(response)) return { kind: 'serves' };
    const waitMs = trouble === null ? cachedForMs(response) : 0;
    const remembers = `it remembers an older answer for ${Math.ceil(waitMs / 1_000)} s`;
    const why = trouble ?? (waitMs > 0 ? remembers : 'it does not have it yet');
    return { kind: 'lacks', why: `${endpointText(endpoint)}: ${why}`, waitMs };
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code !== 'E_DNS_UNANSWERED') throw error;
    return { kind: 'silent', why: error.message, waitMs: 0 };
  }
}

/** What a cache answered it will answer again until its TTL is over (RFC 2308 §5); an authority may change its mind. */
function cachedForMs(response: DnsResponse): number {
  if (response.authoritative) return 0;
  const soa = response.authority.find((record) => record.type === 'SOA');
  const negative = soa?.type === 'SOA' ? Math.min(soa.ttl, soa.data.minimum) : 0;
  return (
    Math.min(
      ...response.answers.map(({ ttl }) => ttl),
      ...(response.answers.length === 0 ? [negative] : []),
    ) * 1_000
  );
}

function notPropagated(
  wanted: Wanted,
  lagging: ReadonlyMap<string, string>,
  timeoutMs: number,
): DelegatedError {
  const whom = [...lagging].map(([name, why]) => `${name} (${why})`).join(', ');
  return new DelegatedError(
    'E_NOT_PROPAGATED',
    `${wanted.name} ${wanted.type} ${wanted.description} is not served after ${Math.round(timeoutMs / 1_000)} s by ${whom}`,
    {
      hint: 'is that server up, is it a secondary that gets no NOTIFY, or is it no longer in charge of the zone? `propagation.timeout` gives it longer, `nameServers` of the provider says whom to ask instead',
      retry: BACKOFF,
    },
  );
}
