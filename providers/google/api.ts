/** The slice of `@google-cloud/dns` 5 that we use; the SDK fits it, and so would anything else that does. */

export interface GoogleDns {
  /** Where requests go; the constructor would put https before any endpoint, so it is set afterwards. */
  baseUrl: string;
  projectId: string;
  /** What sends a request that the SDK has built. */
  makeAuthenticatedRequest: (request: SdkRequest, callback: SdkCallback) => void;
  readonly authClient: {
    /** Application Default Credentials or those that were given; a token is fetched when there is none yet. */
    getRequestHeaders(): Promise<Headers>;
    getProjectId(): Promise<string>;
  };
  getZones(query: ZoneQuery): Promise<unknown>;
  zone(name: string): GoogleZone;
}

export interface GoogleZone {
  getMetadata(): Promise<unknown>;
  getRecords(query: RecordQuery): Promise<unknown>;
  record(type: string, metadata: RecordMetadata): GoogleRecord;
  createChange(change: {
    add?: GoogleRecord | GoogleRecord[];
    delete?: GoogleRecord | GoogleRecord[];
  }): Promise<unknown>;
  change(id: string): { getMetadata(): Promise<unknown> };
  /** For a method of the API that the SDK has no words for. */
  request(request: SdkRequest): Promise<unknown>;
}

/** What goes into a change. */
export interface GoogleRecord {
  readonly type: string;
  toJSON(): object;
}

export interface ZoneQuery {
  readonly dnsName?: string;
  readonly maxResults?: number;
  readonly pageToken?: string;
  /** False: one page, one request. */
  readonly autoPaginate: false;
}

export interface RecordQuery {
  readonly name?: string;
  readonly maxResults?: number;
  readonly pageToken?: string;
  readonly autoPaginate: false;
}

export interface RecordMetadata {
  readonly name: string;
  readonly ttl: number;
  readonly rrdatas: string[];
}

export interface SdkRequest {
  readonly uri: string;
  readonly method?: string;
  readonly qs?: Readonly<Record<string, unknown>>;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type SdkCallback = (error: Error | null, body?: unknown) => void;
