/**
 * The one way to a provider. What every adapter would have to do by itself is done here, once, around it: the fence,
 * the deadline, the retry of what surely was not applied, one writer per zone at a time, the vendor's own settling.
 */
import type { Change } from './dns/change.ts';
import { type Fence, assertInside } from './dns/fence.ts';
import type { RRset, RRsetKey } from './dns/rrset.ts';
import type { Zone } from './dns/zone.ts';
import { type DomainName, parseDomainName } from './dns/domain-name.ts';
import { BACKOFF, DelegatedError, aborted, asDelegatedError } from './errors.ts';
import type { Clock, Ctx, DnsProvider } from './ports.ts';

const CALL_TIMEOUT_MS = 60_000;
const RETRY_PAUSES_MS = [250, 1_000];
/** A provider that wants more of a pause than this is asked again by the next run, and the other sites go on. */
const LONGEST_WAIT_MS = 30_000;

export interface ZoneAccess {
  findZone(name: DomainName, ctx: Ctx): Promise<Zone | null>;
  /**
   * The zone that the config names, by the provider's own id or by its name; null when there is none such. Where zones
   * have no other id than their name, it is taken as it stands, for credentials that may not search.
   */
  namedZone(text: string, ctx: Ctx): Promise<Zone | null>;
  /** Null where the provider takes challenges wherever it has a zone. */
  challengeTarget(name: DomainName, ctx: Ctx): Promise<DomainName | null>;
  read(zone: Zone, keys: readonly RRsetKey[], ctx: Ctx): Promise<readonly (RRset | null)[]>;
  /** Resolves when the vendor calls the changes done; what the name servers say is for `awaitServed`. */
  write(zone: Zone, changes: readonly Change[], fence: Fence, ctx: Ctx): Promise<void>;
}

const accesses = new WeakMap<DnsProvider, ZoneAccess>();

/** One per provider object, so that everybody who writes to a zone waits in the same queue. */
export function zoneAccess(provider: DnsProvider, clock: Clock): ZoneAccess {
  const known = accesses.get(provider);
  if (known !== undefined) return known;
  const made = createZoneAccess(provider, clock);
  accesses.set(provider, made);
  return made;
}

function createZoneAccess(provider: DnsProvider, clock: Clock): ZoneAccess {
  const lastWrite = new Map<string, Promise<unknown>>();

  const inTurn = async <T>(zone: Zone, write: () => Promise<T>): Promise<T> => {
    const before = lastWrite.get(zone.id) ?? Promise.resolve();
    const mine = before.then(write, write);
    lastWrite.set(zone.id, mine);
    return mine;
  };

  return {
    findZone: (name, ctx) => retrying((inner) => provider.findZone(name, inner), clock, ctx),
    async namedZone(text, ctx) {
      const name = nameIn(text);
      if (provider.zoneById === undefined) return name === null ? null : { id: name, name };
      const zone = await retrying(async (inner) => provider.zoneById?.(text, inner) ?? null, clock, ctx);
      if (zone !== null || name === null) return zone;
      const found = await retrying((inner) => provider.findZone(name, inner), clock, ctx);
      return found?.name === name ? found : null;
    },
    challengeTarget: (name, ctx) =>
      retrying(async (inner) => (await provider.challengeTarget?.(name, inner)) ?? null, clock, ctx),
    async read(zone, keys, ctx) {
      if (keys.length === 0) return [];
      const found = await retrying((inner) => provider.readRRsets(zone, keys, inner), clock, ctx);
      if (found.length !== keys.length)
        throw new DelegatedError(
          'E_BUG',
          `the adapter answered ${found.length} of ${keys.length} RRsets of ${zone.name}`,
        );
      return found;
    },
    async write(zone, changes, fence, ctx) {
      assertInside(fence, changes);
      for (let at = 0; at < changes.length; at += provider.capabilities.changesPerApply) {
        const batch = changes.slice(at, at + provider.capabilities.changesPerApply);
        const receipt = await inTurn(zone, () =>
          retrying((inner) => provider.apply(zone, batch, inner), clock, ctx),
        );
        const settleMs = CALL_TIMEOUT_MS + provider.capabilities.propagation.maxMs;
        await withDeadline(async (inner) => provider.settle?.(zone, receipt, inner), settleMs, clock, ctx);
      }
    },
  };
}

/** Tries again only what may pass by itself soon and was not applied; a write whose outcome is unknown is read again first. */
async function retrying<T>(call: (ctx: Ctx) => Promise<T>, clock: Clock, ctx: Ctx): Promise<T> {
  for (const pause of RETRY_PAUSES_MS) {
    try {
      return await withDeadline(call, CALL_TIMEOUT_MS, clock, ctx);
    } catch (thrown) {
      const error = asDelegatedError(thrown);
      const pauseMs = pauseAfter(error, pause, clock);
      if (pauseMs === null || error.outcome !== 'not-applied' || ctx.signal.aborted) throw error;
      ctx.log.debug('the provider will not now, trying again', { reason: error.message, pauseMs });
      await clock.sleep(pauseMs, ctx.signal);
    }
  }
  return withDeadline(call, CALL_TIMEOUT_MS, clock, ctx);
}

/** Milliseconds; null when it is not worth waiting for. */
function pauseAfter({ code, retry }: DelegatedError, usualMs: number, clock: Clock): number | null {
  if (code === 'E_PROVIDER_UNAVAILABLE' && retry.kind === 'backoff') return usualMs;
  if (code !== 'E_PROVIDER_RATE_LIMITED' || retry.kind !== 'at') return null;
  const waitMs = Math.max(0, retry.at.getTime() - clock.now().getTime());
  return waitMs <= LONGEST_WAIT_MS ? waitMs : null;
}

function nameIn(text: string): DomainName | null {
  try {
    return parseDomainName(text);
  } catch {
    return null;
  }
}

/** An adapter that ignores its signal must not hang us. */
async function withDeadline<T>(
  call: (ctx: Ctx) => Promise<T>,
  timeoutMs: number,
  clock: Clock,
  ctx: Ctx,
): Promise<T> {
  if (ctx.signal.aborted) throw aborted(ctx.signal);
  const late = new AbortController();
  const finished = new AbortController();
  const signal = AbortSignal.any([ctx.signal, late.signal]);
  const stopped = new Promise<never>((_, reject) => {
    const stop = (): void => {
      reject(aborted(signal));
    };
    signal.addEventListener('abort', stop, { once: true, signal: finished.signal });
  });
  clock.sleep(timeoutMs, finished.signal).then(
    () => {
      late.abort(tooSlow(timeoutMs));
    },
    () => undefined,
  );
  try {
    return await Promise.race([call({ ...ctx, signal }), stopped]);
  } finally {
    finished.abort();
  }
}

function tooSlow(timeoutMs: number): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_TIMEOUT',
    `the DNS provider did not answer within ${timeoutMs / 1_000} s`,
    {
      retry: BACKOFF,
      outcome: 'unknown',
    },
  );
}
