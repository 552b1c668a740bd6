/** Every interface that the verbs speak through. Types only; `src/io` and `providers` implement them. */
import type { DomainName } from './dns/domain-name.ts';
import type { SrvData } from './dns/rrset.ts';
import type { CertificateStore, KeyMaker, StoredVersion } from './certificate/store.ts';
import type { KnownAccount } from './acme/account-uri.ts';
import type { CaaProperty } from './acme/caa.ts';
import type { Directory } from './acme/directory.ts';
import type { Authorization, Order } from './acme/order.ts';
import type { RenewalInfo } from './acme/renewal-info.ts';
import type { RevocationReason } from './acme/revocation-reason.ts';
import type { Journal, LedgerEntry, OpenSwitch, SiteState } from './schedule/state.ts';
import type { HttpsLooker } from './federation/https-looker.ts';
import type { Ctx, DnsProvider, Log } from './provider.ts';

export type { CertificateMaterial, CertificateStore, KeyMaker, StoredVersion } from './certificate/store.ts';
export type { HttpsLooker, HttpsRequest } from './federation/https-looker.ts';
export type { RightsLooker } from './health/rights-looker.ts';
export type { Notice, Notifier, SiteNotice } from './schedule/notifier.ts';
export type { Capabilities, CheckItem, Ctx, DnsProvider, Log, WorldDns } from './provider.ts';

export interface Clock {
  now(): Date;
  /** Milliseconds that only ever grow; for deadlines, which a changed wall clock must not move. */
  monotonic(): number;
  /** Resolves after that many milliseconds; rejects with E_ABORTED as soon as the signal fires. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Dice {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Random lower-case letters and digits. */
  token(length: number): string;
}

/** Slow steps say what they wait for, so that a person at a terminal knows. */
export type Progress = (site: string, message: string) => void;

// --- DNS ---------------------------------------------------------------------------------------------------------

/** One UDP and TCP address of a name server. */
export interface Endpoint {
  /** IP literal, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export type DnsRecord = { readonly name: DomainName; readonly ttl: number } & (
  | { readonly type: 'SRV'; readonly data: SrvData }
  | { readonly type: 'TXT'; readonly data: string }
  | { readonly type: 'CAA'; readonly data: CaaProperty }
  | { readonly type: 'A' | 'AAAA'; readonly data: string }
  | { readonly type: 'NS' | 'CNAME' | 'DNAME'; readonly data: DomainName }
  | {
      readonly type: 'SOA';
      readonly data: { readonly mname: DomainName; readonly serial: number; readonly minimum: number };
    }
);

export type QueryType = DnsRecord['type'];

export interface DnsQuestion {
  readonly name: DomainName;
  readonly type: QueryType;
  /** Ask a recursive resolver to do the walking (RD). */
  readonly recurse: boolean;
  /** Take what does not validate as well (CD, RFC 4035 §3.2.2). */
  readonly unchecked?: true;
  /** TCP from the start. Absent: UDP, and TCP for what is truncated. */
  readonly transport?: 'tcp';
}

export interface DnsResponse {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`, … */
  readonly rcode: string;
  /** AA: the server speaks for the zone. */
  readonly authoritative: boolean;
  /** AD: a validating resolver vouches for it. */
  readonly authenticated: boolean;
  /** Records of types that we know; others are left out. */
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
}

export interface DnsClient {
  /**
   * One question to one server: UDP with EDNS, TCP when truncated, the echo of the question checked. Every rcode is
   * an answer; only silence and nonsense throw.
   * @throws DelegatedError E_DNS_UNANSWERED (retry: backoff) after the per-query deadline, E_ABORTED
   */
  query(server: Endpoint, question: DnsQuestion, ctx: Pick<Ctx, 'signal'>): Promise<DnsResponse>;
}

// --- ACME --------------------------------------------------------------------------------------------------------

export interface AcmeClient {
  /** What the CA offers (RFC 8555 §7.1.1); fetched once an hour at most. */
  directory(ctx: AcmeCtx): Promise<Directory>;
  /** Finds the account of the stored key or creates one. Idempotent, cached on disk. Returns the account URL. */
  account(ctx: AcmeCtx): Promise<string>;
  /**
   * RFC 8555 §7.4.
   * @param options `replaces`: the certificate that this one takes the place of (RFC 9773 §5); only said to a CA that
   * offers renewal information
   */
  newOrder(
    names: readonly DomainName[],
    options: { readonly profile?: string; readonly replaces?: string },
    ctx: AcmeCtx,
  ): Promise<Order>;
  order(url: string, ctx: AcmeCtx): Promise<Order>;
  /** Orders of the account that the CA still lists (§7.1.2.1); null where the CA keeps no such list. */
  openOrders(ctx: AcmeCtx): Promise<readonly Order[] | null>;
  authorization(url: string, ctx: AcmeCtx): Promise<Authorization>;
  /** The TXT value for a dns-01 token (§8.4). */
  dns01Value(token: string): string;
  /** Tells the CA that the challenge is ready (§7.5.1). */
  respond(challengeUrl: string, ctx: AcmeCtx): Promise<void>;
  /** §7.4. The key is PKCS#8 PEM; the CSR is made from it. */
  finalize(order: Order, privateKey: string, ctx: AcmeCtx): Promise<Order>;
  /**
   * When the CA would like that certificate to be renewed (RFC 9773 §4). Null where it does not offer to say. Needs no
   * account.
   */
  renewalInfo(certId: string, ctx: AcmeCtx): Promise<RenewalInfo | null>;
  /** The PEM chain, leaf first (§7.4.2). */
  certificate(url: string, ctx: AcmeCtx): Promise<string>;
  /**
   * §7.6. What was revoked before is as good as revoked.
   * @param certificate the leaf in PEM
   * @param options `privateKey` signs in the place of the account's key
   */
  revoke(
    certificate: string,
    options: { readonly reason: RevocationReason; readonly privateKey?: string },
    ctx: AcmeCtx,
  ): Promise<void>;
  close(): void;
}

export type AcmeCtx = Pick<Ctx, 'signal'>;

// --- State -------------------------------------------------------------------------------------------------------

export interface StateStore {
  /** Random, made once per installation; makes draws stable and differs from every other installation. */
  secret(): Promise<string>;
  /** The owner id that our ownership marks carry. */
  owner(): Promise<string>;
  readSite(serverName: string): Promise<SiteState>;
  writeSite(serverName: string, state: SiteState): Promise<void>;
  readJournal(lineage: string): Promise<Journal | null>;
  /** On disk (fsync of file and folder) before it resolves. */
  writeJournal(lineage: string, journal: Journal): Promise<void>;
  clearJournal(lineage: string): Promise<void>;
  /** Lineages with an open journal, also of sites that the config no longer has. */
  openJournals(): Promise<readonly string[]>;
  readSwitch(serverName: string): Promise<OpenSwitch | null>;
  /** On disk (fsync of file and folder) before it resolves. */
  writeSwitch(serverName: string, open: OpenSwitch): Promise<void>;
  clearSwitch(serverName: string): Promise<void>;
  /** Server names whose SRV records were changed, and not seen to work since. */
  openSwitches(): Promise<readonly string[]>;
  readLedger(): Promise<readonly LedgerEntry[]>;
  /**
   * On disk before it resolves. One after the other: nothing comes between the question and the entry.
   * @param permit is shown everything that stands there, and keeps the entry out by throwing
   */
  appendLedger(entry: LedgerEntry, permit?: (entries: readonly LedgerEntry[]) => void): Promise<void>;
}

// --- Deploy ------------------------------------------------------------------------------------------------------

export interface OutputTarget {
  readonly directory: string;
  readonly owner?: string;
  readonly group?: string;
  /** File modes as numbers. */
  readonly keyMode: number;
  readonly certificateMode: number;
  /** `links`: version folders behind one link; `copies`: plain files, each swapped by rename. */
  readonly layout: 'links' | 'copies';
  /** Also one file with chain and key, in the mode of the key. */
  readonly combined?: true;
}

export interface OutputWriter {
  /** True when the target holds exactly this version with the right owner and modes. */
  isCurrent(target: OutputTarget, version: StoredVersion): Promise<boolean>;
  /** @throws DelegatedError E_OUTPUT, E_OUTPUT_OWNER; the old files are untouched then */
  write(target: OutputTarget, version: StoredVersion): Promise<void>;
}

export interface WebRoot {
  /** Null when there is no such file. @throws DelegatedError E_OUTPUT */
  read(path: string): Promise<string | null>;
  /** Swaps the file in by one rename, readable for everybody. Makes the two folders above it. @throws DelegatedError E_OUTPUT */
  write(path: string, text: string): Promise<void>;
}

export type ReloadAction =
  | { readonly kind: 'systemd'; readonly unit: string }
  | { readonly kind: 'signal'; readonly signal: string; readonly pidFile: string }
  | { readonly kind: 'exec'; readonly command: readonly string[] };

export interface Reloader {
  /** @throws DelegatedError E_RELOAD with what the command printed */
  reload(action: ReloadAction, ctx: Pick<Ctx, 'signal' | 'log'>): Promise<void>;
}

export interface TlsProbe {
  /**
   * One TLS handshake with SNI; nothing is trusted, only looked at.
   * @returns SHA-256 of the leaf's DER, lower-case hex
   * @throws DelegatedError E_NOT_SERVED (retry: backoff) when there is no handshake
   */
  servedLeaf(server: Endpoint, serverName: DomainName, ctx: Pick<Ctx, 'signal'>): Promise<string>;
}

// --- All of them --------------------------------------------------------------------------------------------------

/** What the composition root hands to the verbs. */
export interface Ports {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
  readonly progress: Progress;
  readonly dns: DnsClient;
  readonly resolvers: readonly Endpoint[];
  /** By the name that the config gives it; loaded on first use. */
  readonly provider: (name: string) => Promise<DnsProvider>;
  /** By directory URL; loaded on first use. */
  readonly acme: (directoryUrl: string) => Promise<AcmeClient>;
  /** Of this installation, by directory URL; null when none is on disk. @throws DelegatedError E_SECRET, E_STATE */
  readonly account: (directoryUrl: string) => Promise<KnownAccount | null>;
  readonly keys: () => Promise<KeyMaker>;
  readonly store: CertificateStore;
  readonly state: StateStore;
  readonly outputs: OutputWriter;
  readonly webRoot: WebRoot;
  readonly reloader: Reloader;
  readonly tls: TlsProbe;
  /** Loaded on first use. */
  readonly https: () => Promise<HttpsLooker>;
}
