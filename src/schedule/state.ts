import type { DomainName } from '../dns/domain-name.ts';
import type { WrittenRecord } from '../dns/undo.ts';
import type { KeyType } from '../certificate/key-type.ts';
import type { ErrorCode } from '../errors.ts';
import type { Told } from './alarm.ts';

/**
 * What a CA counts, written down before it can count it: an order, or the challenges of one. Old files know orders only.
 */
export interface LedgerEntry {
  /** By the clock of the CA, as far as we know it. */
  readonly at: Date;
  /** Directory URL. */
  readonly ca: string;
  /** Sorted. */
  readonly names: readonly DomainName[];
  /** Absent: an order. What is answered counts as failed until it is known to be valid. */
  readonly challenges?: 'answered' | 'failed' | 'valid';
  /** The URL of the order that the challenges are of. */
  readonly order?: string;
}

/** A TXT value that we put into somebody's zone and have to take out again. */
export interface ChallengeValue {
  /** The provider's name in the config. */
  readonly provider: string;
  readonly zoneId: string;
  readonly zoneName: DomainName;
  readonly name: DomainName;
  readonly value: string;
  /** Whom to ask whether it is there, where the config said so; kept, since the config may change. Absent: the zone's. */
  readonly nameServers?: readonly { readonly address: string; readonly port: number }[];
}

/**
 * Write-ahead journal of one issuance. Whatever the process has done, or may have done, to the outside world is in
 * here before it happens, so that the next run can finish it or take it back.
 */
export interface Journal {
  readonly serverName: string;
  /** Directory URL. */
  readonly ca: string;
  /** As ordered. */
  readonly names: readonly DomainName[];
  readonly keyType: KeyType;
  /** As asked for; absent: the CA's usual one. */
  readonly profile?: string;
  /** By our clock. */
  readonly startedAt: Date;
  /** The moment of its line in the ledger, by the clock of the CA. Absent in old files: when it was started. */
  readonly countedAt?: Date;
  /** Absent between "about to order" and the CA's answer. */
  readonly orderUrl?: string;
  /** The CA surely has no order of this attempt: it was not asked, or said no. Absent where it may have one. */
  readonly unasked?: true;
  /** PKCS#8 PEM; on disk before finalize, since the CA's certificate is worth nothing without it. */
  readonly privateKey?: string;
  readonly challenges: readonly ChallengeValue[];
  /** Only of values that were set aside since they would not go: when to try again. No order belongs to them. */
  readonly retryAt?: Date;
}

/**
 * Write-ahead of a change of SRV records that could cut federation. It stays until federation is proven through the new
 * records, so that a run which is killed in between has the next one prove them or take them back.
 */
export interface OpenSwitch {
  readonly serverName: string;
  readonly startedAt: Date;
  readonly records: readonly WrittenRecord[];
}

/** What a CA said of a certificate when it was last asked (RFC 9773), kept so that quiet runs ask nobody. */
export interface KnownRenewalInfo {
  /** The certificate that was asked about; of another one this says nothing. */
  readonly certId: string;
  /** Directory URL. */
  readonly ca: string;
  readonly askAgainAt: Date;
  /** Absent where the CA offers none, or has never answered. */
  readonly window?: {
    readonly start: Date;
    readonly end: Date;
    readonly explanationUrl?: string;
  };
  /** Requests without a usable answer, in a row. Absent: none. */
  readonly failures?: number;
}

/** A CA said no to a certificate for these names, and is not asked again at every turn. */
export interface Setback {
  /** Directory URL of the CA that said no. */
  readonly ca: string;
  readonly at: Date;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  /** In a row, at this CA. */
  readonly failures: number;
  readonly notBefore: Date;
  /** The CA named that moment itself. */
  readonly named?: true;
  /** A name could not be validated: the next attempt is rehearsed at the CA's staging first. */
  readonly rehearse?: true;
  /** It is the CA or our account there, so another CA may be asked meanwhile. */
  readonly elsewhere?: true;
  /** What was asked for and how, as one text without secrets: changed config, another question. */
  readonly question: string;
}

/** What is known of a site from one run to the next. Everything else is read from the world. */
export interface SiteState {
  /** The version that stands in every output. */
  readonly deployedVersion?: string;
  readonly reloadedVersion?: string;
  /** The version that every federation address was seen to serve. */
  readonly verifiedVersion?: string;
  /** The version that we had revoked; it is due, whatever its age. */
  readonly revokedVersion?: string;
  /** The version that somebody went back to; while it is live, renewals are held off. */
  readonly heldVersion?: string;
  /** Which CA the live version is from, by its directory URL; not known for versions of another origin. */
  readonly issuedBy?: {
    readonly version: string;
    readonly ca: string;
    /** As asked for; null: the usual one of the CA. Absent in old files: not known. */
    readonly profile?: string | null;
  };
  readonly renewalInfo?: KnownRenewalInfo;
  /** The outputs and reload action that the above was true for, as a digest: changed config, changed deployment. */
  readonly deployTarget?: string;
  readonly lastSuccess?: Date;
  readonly lastError?: {
    readonly at: Date;
    readonly code: ErrorCode;
    readonly message: string;
    readonly hint?: string;
  };
  /** At most one for each CA. Absent: none. */
  readonly setbacks?: readonly Setback[];
  /** Consecutive failures, for the backoff. */
  readonly failures: number;
  /** Since when runs fail, without one that went well in between. */
  readonly failingSince?: Date;
  /** What people were told last; absent: nothing, or that all is well again. */
  readonly told?: Told;
  /** The page of the CA that people were told of. */
  readonly toldUrl?: string;
  /** Not before this moment, unless forced. */
  readonly retryAt?: Date;
}
