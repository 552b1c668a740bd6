/** Let's Encrypt as far as it matters over years: its published limits, and what it says about renewals. */
import { certIdOf } from '../../src/certificate/cert-id.ts';
import type { CertificateFacts } from '../../src/certificate/facts.ts';
import type { DomainName } from '../../src/dns/domain-name.ts';
import type { World } from '../support/fake-ports.ts';
import { problem } from '../support/fake-ca.ts';
import type { WorldClock } from './clock.ts';
import { DAY, HOUR } from './disasters.ts';

export interface Authority {
  /** What it had to refuse since a limit was reached. */
  readonly refusals: readonly string[];
  /** Every certificate that it issued, oldest first; moments in milliseconds since the start. */
  issued(): readonly Issued[];
  /** How often it asked for that. */
  incidents(): number;
  /** Asks for all certificates to be renewed at once, as before a revocation of many. */
  shiftWindows(): void;
}

export interface Issued {
  readonly facts: CertificateFacts;
  readonly at: number;
  /** Since when the CA wants it to be renewed, against the usual window. */
  wantedSince: number | null;
}

export interface AuthorityOptions {
  readonly lifetimeMs: number;
  /** Whether it offers renewal information (RFC 9773). */
  readonly suggests: boolean;
  /** When it wants to be asked again. Milliseconds. */
  readonly askAgainMs: number;
  readonly clock: WorldClock;
}

/** Those of the page on rate limits (verified 2026-11): capacity, and how long until one more is allowed. */
const LIMITS = {
  certificatesPerSet: { capacity: 5, refillMs: 34 * HOUR },
  failuresPerName: { capacity: 5, refillMs: 12 * 60_000 },
  orders: { capacity: 300, refillMs: 36_000 },
} as const;

/** Boulder dates certificates back by an hour, for clocks that are behind. */
const BACKDATED_MS = HOUR;
/** The share of the lifetime on either side of the ideal moment. */
const MARGIN = 0.02;

export function createAuthority({ ca, certificates }: World, options: AuthorityOptions): Authority {
  const { clock, lifetimeMs, suggests, askAgainMs } = options;
  const refusals: string[] = [];
  let incidents = 0;
  const issued: Issued[] = [];
  const certificatesOf = buckets(LIMITS.certificatesPerSet, clock);
  const failuresOf = buckets(LIMITS.failuresPerName, clock);
  const orders = buckets(LIMITS.orders, clock)('all');

  const catchUp = (): readonly Issued[] => {
    for (const chain of ca.issued.slice(issued.length))
      issued.push({ facts: certificates.facts(chain), at: clock.elapsed(), wantedSince: null });
    return issued;
  };
  const known = (certId: string): Issued | undefined =>
    catchUp().findLast(({ facts }) => certIdOf(facts) === certId);
  const refuse = (limit: string): never => {
    refusals.push(limit);
    throw problem('rateLimited', 429, 'newOrder');
  };

  ca.lifetimeMs = lifetimeMs;
  ca.backdatedMs = BACKDATED_MS;
  ca.clockAheadMs = () => clock.ahead();
  ca.limits = {
    onOrder(names, replaces) {
      // Renewals that name what they replace are exempt from all limits.
      if (replaces !== undefined && known(replaces) !== undefined) return;
      if (names.some((name) => !failuresOf(name).hasOne())) refuse('failed validations per name and hour');
      if (!orders.take()) refuse('orders per account and 3 hours');
      if (!certificatesOf(setOf(names)).take()) refuse('certificates per set of names and week');
    },
    onFailedValidation: (name) => void failuresOf(name).take(),
  };
  if (suggests)
    ca.suggest = (certId) => {
      const certificate = known(certId);
      if (certificate === undefined) throw problem('malformed', 404);
      return { window: windowOf(certificate), retryAfterMs: askAgainMs };
    };

  function windowOf({ facts, wantedSince }: Issued): { start: Date; end: Date; explanationUrl?: string } {
    const start = clock.trueNow().getTime() - clock.elapsed();
    if (wantedSince !== null) {
      const end = new Date(start + wantedSince);
      return { start: new Date(end.getTime() - DAY), end, explanationUrl: 'https://ca.test/incident' };
    }
    const ideal = idealRenewal(facts, lifetimeMs);
    const margin = MARGIN * lifetimeMs;
    return { start: new Date(ideal - margin), end: new Date(ideal + margin) };
  }

  return {
    refusals,
    issued: catchUp,
    incidents: () => incidents,
    shiftWindows() {
      incidents += 1;
      for (const each of catchUp()) each.wantedSince ??= clock.elapsed();
    },
  };
}

/** With a third of the lifetime left, or half of a short one. */
export function idealRenewal({ notAfter }: Pick<CertificateFacts, 'notAfter'>, lifetimeMs: number): number {
  return notAfter.getTime() - reserveOf(lifetimeMs);
}

export function reserveOf(lifetimeMs: number): number {
  return lifetimeMs < 10 * DAY ? lifetimeMs / 2 : lifetimeMs / 3;
}

interface Bucket {
  hasOne(): boolean;
  take(): boolean;
}

/** Token buckets by key, full at first. */
function buckets(
  { capacity, refillMs }: { readonly capacity: number; readonly refillMs: number },
  clock: WorldClock,
): (key: string) => Bucket {
  const all = new Map<string, { tokens: number; at: number }>();
  return (key) => {
    const bucket = all.get(key) ?? { tokens: capacity, at: clock.elapsed() };
    all.set(key, bucket);
    const refill = (): void => {
      bucket.tokens = Math.min(capacity, bucket.tokens + (clock.elapsed() - bucket.at) / refillMs);
      bucket.at = clock.elapsed();
    };
    return {
      hasOne() {
        refill();
        return bucket.tokens >= 1;
      },
      take() {
        refill();
        if (bucket.tokens < 1) return false;
        bucket.tokens -= 1;
        return true;
      },
    };
  };
}

function setOf(names: readonly DomainName[]): string {
  return names.toSorted().join(' ');
}
