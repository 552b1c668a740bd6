/**
 * The contract of a DNS provider adapter. `providers/` imports nothing of the core but this file, the DNS nouns and
 * the errors. What every adapter must do is written in the comments here and enforced by test/conformance.
 */
import type { Change } from './dns/change.ts';
import type { DomainName } from './dns/domain-name.ts';
import type { RRset, RRsetKey, RRType } from './dns/rrset.ts';
import type { Zone } from './dns/zone.ts';

export type { Change } from './dns/change.ts';
export type { DomainName } from './dns/domain-name.ts';
export type { RRset, RRsetKey, RRType, SrvData, SrvRRset, TxtRRset } from './dns/rrset.ts';
export type { Zone } from './dns/zone.ts';

export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Goes with every call that leaves the process. */
export interface Ctx {
  /** When it fires, the call rejects within 250 ms and does nothing more. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Names the change in logs and, where the vendor has room for it, in the vendor's audit trail. */
  readonly changeId: string;
}

export interface Capabilities {
  readonly types: readonly RRType[];
  /** False where nothing can be read back: then only `add` and `remove` of TXT values are of use, for challenges. */
  readonly reads: boolean;
  /** What one `apply` guarantees: all changes or none; each RRset whole; each record on its own. */
  readonly atomic: 'changes' | 'rrset' | 'record';
  /** Whether `expect` is enforced by the other side: always; for `absent` only; never (the core reads back). */
  readonly cas: 'full' | 'create-only' | 'none';
  /**
   * A person makes the changes. Nobody asks a person for an ownership mark or for an exact TTL, and everything that a
   * person may change is a person's to judge.
   */
  readonly byHand?: true;
  /** Seconds. */
  readonly ttl: { readonly min: number; readonly max: number };
  /** The most changes that one `apply` takes. */
  readonly changesPerApply: number;
  /** Milliseconds from a successful `apply` until every authoritative server answers with it. */
  readonly propagation: { readonly typicalMs: number; readonly maxMs: number };
}

/** What the authoritative servers of the world say, for adapters that have no API to ask. */
export interface WorldDns {
  /** The apex of the zone that the name lies in; null when no zone answers for it. @throws DelegatedError E_DNS_UNANSWERED */
  zoneApex(name: DomainName, ctx: Ctx): Promise<DomainName | null>;
  /** What they serve; null only where the RRset is proven absent. @throws DelegatedError E_DNS_UNANSWERED, E_RECORD_CNAME */
  rrset(zone: DomainName, key: RRsetKey, ctx: Ctx): Promise<RRset | null>;
}

export interface CheckItem {
  readonly ok: boolean;
  /** What was looked at, and what was found. */
  readonly message: string;
  readonly hint?: string;
}

/** What `apply` achieved. It throws for everything but success. */
export interface Receipt {
  /** False when everything was as wanted already. */
  readonly changed: boolean;
  /** The vendor's own id of the change, for `settle`. */
  readonly handle?: string;
}

export interface DnsProvider {
  readonly capabilities: Capabilities;

  /** Are the credentials good and the rights enough? Changes nothing. */
  check(ctx: Ctx): Promise<CheckItem[]>;

  /** The deepest zone at or above the name that these credentials serve; null when there is none. */
  findZone(name: DomainName, ctx: Ctx): Promise<Zone | null>;

  /**
   * The zone with this id of the vendor's, for those that share their name with another one (a private twin), or that
   * the credentials may not search for; null when there is none. Absent where zones have no id but their name.
   */
  zoneById?(id: string, ctx: Ctx): Promise<Zone | null>;

  /**
   * For one that answers challenges under names of its own only: the name that a CNAME at this `_acme-challenge` name
   * has to point to. Made, and kept, when it is asked for the first time. `findZone` knows it from then on.
   */
  challengeTarget?(name: DomainName, ctx: Ctx): Promise<DomainName>;

  /**
   * The RRsets for the keys, in their order. Complete or it throws; null only where the RRset is proven absent. An
   * adapter chooses the cheapest way (one filtered list for thousands of keys, one look-up for one).
   */
  readRRsets(zone: Zone, keys: readonly RRsetKey[], ctx: Ctx): Promise<readonly (RRset | null)[]>;

  /**
   * Makes the changes. A precondition that does not hold throws E_PROVIDER_CONFLICT, with outcome `not-applied`
   * where `capabilities.atomic` is `changes`. A write that was sent and never answered throws with outcome `unknown`.
   */
  apply(zone: Zone, changes: readonly Change[], ctx: Ctx): Promise<Receipt>;

  /** Waits until the vendor calls the change done, where the vendor has such a state. */
  settle?(zone: Zone, receipt: Receipt, ctx: Ctx): Promise<void>;

  /** Starts to serve, for an adapter that is a name server itself; the daemon calls it before anything is due. */
  listen?(ctx: Ctx): Promise<void>;

  /** Frees sockets and listeners. */
  close?(): Promise<void>;
}
