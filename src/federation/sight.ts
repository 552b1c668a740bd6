import type { DomainName } from '../dns/domain-name.ts';
import type { ClientWellKnown } from '../matrix/client-well-known.ts';
import type { SrvService } from '../matrix/delegation.ts';
import type { Discovery, FederationEndpoint, SrvAnswer } from '../matrix/discovery.ts';
import type { ServerName } from '../matrix/server-name.ts';
import type { WellKnownBody, WellKnownCaching } from '../matrix/well-known-answer.ts';
import type { HttpResponse, HttpsOutcome, TlsSight } from './https-outcome.ts';
import type { ServerKeys } from './server-keys.ts';

/** Everything that was seen of a server from outside. Findings are made of it, and of nothing else. */
export interface ServerSight {
  readonly serverName: ServerName;
  readonly seenAt: Date;
  readonly discovery: Discovery;
  /** One for each address of the server name; empty where a peer would not look (steps 1 and 2). */
  readonly wellKnown: readonly WellKnownFetch[];
  /** Null for an IP literal, and where nobody looked. */
  readonly client: ClientSight | null;
  /** Every SRV name that matters, and those that people publish by mistake. */
  readonly srv: readonly SrvSight[];
  /** What a random name beside the SRV records answers, by the host. */
  readonly wildcards: ReadonlyMap<DomainName, SrvAnswer>;
  /** Where the hosts of the endpoints are CNAMEs: to what, step by step. */
  readonly aliases: ReadonlyMap<DomainName, readonly DomainName[]>;
  readonly authorities: readonly AuthoritySight[];
  readonly targets: readonly TargetSight[];
  /** No resolver said anything, so nothing is known of DNS. */
  readonly deaf: boolean;
  /** Null where nobody said what should be served. */
  readonly installed: InstalledCertificate | null;
  /** Addresses came from a resolver or a table that was given for this run, so loopback is meant. */
  readonly lab: boolean;
}

/** What should be served, from the disk of this machine. */
export interface InstalledCertificate {
  readonly file: string;
  readonly names: readonly string[];
  /** Of the DER; lower-case hex. */
  readonly sha256: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface SrvSight {
  readonly name: DomainName;
  /** The server name's host, or the one that well-known delegates to. */
  readonly host: DomainName;
  /** Null for a name that no peer ever asks for. */
  readonly service: SrvService | null;
  readonly answer: SrvAnswer;
  /** Seconds that resolvers will keep it; null without records. */
  readonly ttl: number | null;
}

/** What one authoritative server says of one SRV name. */
export interface AuthoritySight {
  readonly name: DomainName;
  readonly server: string;
  /** `unknown` is no disagreement: perhaps it cannot be reached from here. */
  readonly answer: SrvAnswer;
  /** Seconds that resolvers will keep it; null without records. */
  readonly ttl: number | null;
  /** It answered, and does not speak for the zone. */
  readonly lame: boolean;
}

export interface WellKnownFetch {
  readonly address: string;
  /** The URLs in their order, the first included. */
  readonly urls: readonly string[];
  readonly statuses: readonly number[];
  readonly end: WellKnownEnd;
}

export type WellKnownEnd =
  | ({ readonly kind: 'answer'; readonly body: WellKnownBody } & WellKnownCaching)
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'redirect'; readonly why: 'loop' | 'too-many' | 'scheme' | 'nowhere' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'untrusted'; readonly host: string; readonly tls: TlsSight }
  | { readonly kind: 'failed'; readonly outcome: Exclude<HttpsOutcome, { readonly kind: 'response' }> }
  | {
      readonly kind: 'no-address';
      readonly host: string;
      readonly why: string;
      /** False where DNS says nothing definite. */
      readonly known: boolean;
    };

/** One address of one target, as a peer would use it. */
export interface TargetSight {
  readonly endpoint: FederationEndpoint;
  /** `GET /_matrix/key/v2/server` */
  readonly keyAnswer: HttpsOutcome;
  /** Null where there was no answer with status 200. */
  readonly keys: ServerKeys | null;
  /** `GET /_matrix/federation/v1/version` */
  readonly versionAnswer: HttpsOutcome;
  /** The same with one letter of the path percent-encoded, which homeservers do not know (their routes are literal). */
  readonly encodedAnswer: HttpsOutcome;
}

/** A GET with its redirects. */
export interface Trail {
  /** The first included. */
  readonly urls: readonly string[];
  /** One for each URL that answered. */
  readonly hops: readonly HttpResponse[];
  readonly end:
    | { readonly kind: 'response'; readonly response: HttpResponse }
    | Extract<WellKnownEnd, { kind: 'redirect' | 'untrusted' | 'failed' | 'no-address' }>;
}

export interface ClientSight {
  /** What was sent as the page that asks. */
  readonly origin: string;
  readonly file: Trail;
  /** Null without a file. */
  readonly content: ClientWellKnown | null;
  readonly api: URL | null;
  /** Null where it was not asked for. */
  readonly versions: Trail | null;
  /** Of the file where it is in the end; null without a file. */
  readonly filePreflight: Trail | null;
  /** Of `versions`, with a token; null as that is. */
  readonly apiPreflight: Trail | null;
  /** `/_matrix/client/versions` of the server name itself; null unless its web server says that there is no file. */
  readonly versionsWithoutFile: Trail | null;
}
