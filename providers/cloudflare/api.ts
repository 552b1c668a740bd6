/**
 * The part of the SDK that we use; `cloudflare` 7.3 fits it as it is. Its own reading of an answer is left out on
 * purpose: it takes `success: false` on status 200, and HTML as well, for an empty list (verified 2026-11 on 7.3.0).
 */

export interface Sent {
  /** Rejects for every status but 2xx. */
  asResponse(): Promise<Response>;
}

export interface SendOptions {
  readonly signal: AbortSignal;
}

export interface PageQuery {
  /** From 1. */
  readonly page: number;
  readonly per_page: number;
}

export interface ZoneQuery extends PageQuery {
  readonly name?: string;
  readonly account?: { readonly id: string };
}

export interface RecordQuery extends PageQuery {
  readonly zone_id: string;
  readonly name?: { readonly exact: string };
  readonly type?: 'NS';
}

export interface SrvBody {
  /** Absolute, without the last dot, as every name here. */
  readonly name: string;
  readonly type: 'SRV';
  readonly ttl: number;
  readonly data: {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    /** `.` stays a dot. */
    readonly target: string;
  };
  readonly comment?: string;
}

export interface TxtBody {
  readonly name: string;
  readonly type: 'TXT';
  readonly ttl: number;
  /** Quoted character-strings. */
  readonly content: string;
  readonly comment?: string;
}

export type RecordBody = SrvBody | TxtBody;

/** One transaction, done in this order: deletes, patches, posts. */
export interface Operations {
  readonly deletes: { readonly id: string }[];
  readonly patches: (RecordBody & { readonly id: string })[];
  readonly posts: RecordBody[];
}

export interface CloudflareApi {
  readonly zones: {
    list(query: ZoneQuery, options: SendOptions): Sent;
    get(params: { readonly zone_id: string }, options: SendOptions): Sent;
  };
  readonly dns: {
    readonly records: {
      list(params: RecordQuery, options: SendOptions): Sent;
      batch(params: Operations & { readonly zone_id: string }, options: SendOptions): Sent;
    };
  };
  /** For what our slice of the SDK has no resource for. */
  get(path: string, options: SendOptions): Sent;
}
