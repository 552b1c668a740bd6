import type { NotifyConfig } from './notify-schema.ts';
import type { DomainName } from '../dns/domain-name.ts';
import type { KeyType } from '../certificate/key-type.ts';
import type { SrvEntry } from '../matrix/delegation.ts';
import type { DelegableServerName, ServerName } from '../matrix/server-name.ts';
import type { Endpoint, OutputTarget, ReloadAction } from '../ports.ts';

/** The config file, read, checked, defaults filled in, secrets resolved. */
export interface Config {
  /** Absolute path of the file. */
  readonly file: string;
  /** Absolute path of the state directory. */
  readonly state: string;
  /** Recursive resolvers; empty: the system's. */
  readonly resolvers: readonly Endpoint[];
  /** How long a record may take until every authoritative server has it; see `propagationMs`. Milliseconds. */
  readonly propagationTimeoutMs?: number;
  readonly acme: AcmeConfig;
  /** Where the daemon serves the well-known files. */
  readonly wellKnown: { readonly listen: readonly Endpoint[] };
  /** How people are told of what needs them. */
  readonly notify?: NotifyConfig;
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  readonly sites: readonly SiteConfig[];
}

export interface AcmeConfig {
  readonly directoryUrl: string;
  /** Where `renew --dry-run` rehearses; null when nobody told and the CA is not one we know. */
  readonly stagingDirectoryUrl: string | null;
  readonly email?: string;
  readonly termsOfServiceAgreed: boolean;
  /** PEM text of extra roots for the CA's API. */
  readonly caCertificates?: string;
  readonly profile?: string;
  /** Common name of the issuer of the topmost certificate of the chain that is wanted, where the CA offers several. */
  readonly preferredChain?: string;
  readonly eab?: { readonly kid: string; readonly hmacKey: string };
  /** For the staging; that of the CA is never sent there. */
  readonly stagingEab?: { readonly kid: string; readonly hmacKey: string };
  /** How long one issuance may take in all. Milliseconds. */
  readonly timeoutMs: number;
  /** Other CAs, in order, for when the first one fails. */
  readonly fallback?: readonly FallbackCa[];
}

/** Email, agreement to the terms and the time limit are those of the first CA. */
export type FallbackCa = Pick<AcmeConfig, 'directoryUrl' | 'stagingDirectoryUrl' | 'eab'>;

export interface ProviderConfig {
  readonly name: string;
  readonly type: string;
  /** Ask these for propagation instead of the zone's NS; empty: the zone's NS. */
  readonly nameServers: readonly Endpoint[];
  /** The adapter's own settings, secrets resolved, checked by the adapter's own schema. */
  readonly options: unknown;
  /** The variables that lent a setting which the file leaves out, by its key. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface SiteConfig {
  readonly serverName: DelegableServerName;
  readonly provider: string;
  /** Name or id of the zone, where discovery must not guess. */
  readonly zone?: string;
  /** A port-less well-known points there; SRV and certificate are then for this name. */
  readonly delegatedTo?: DomainName;
  readonly srv: readonly SrvEntry[];
  /** Seconds. */
  readonly ttl: number;
  readonly legacySrv: boolean;
  /** Look at new SRV targets before and after they are published. */
  readonly proveTargets: boolean;
  /** Provider for `_acme-challenge`, where it is not the site's. */
  readonly challengeProvider?: string;
  /** The names are validated by dns-persist-01. Absent: by dns-01. */
  readonly persist?: PersistConfig;
  /** Null: the site manages records only. */
  readonly certificate: CertificateConfig | null;
  readonly wellKnown?: WellKnownConfig;
  readonly homeserver?: HomeserverConfig;
}

/** Where the homeserver's own config is, for `doctor`. */
export interface HomeserverConfig {
  /** Absolute paths of files and folders, in the order of its `--config-path`. */
  readonly synapse: readonly string[];
}

/** The standing values of a site (draft-ietf-acme-dns-persist). */
export interface PersistConfig {
  /** Whether the value at a name with a wildcard lets the account have certificates for everything below that name. */
  readonly wildcard: boolean;
  /** Whole seconds. Absent: the values are good for as long as they stand. */
  readonly until?: Date;
}

/** What `/.well-known/matrix/` should say, and who serves it. */
export interface WellKnownConfig {
  /** The host of `m.server`, with a port or without. */
  readonly server?: ServerName;
  /** The client file; keys that we do not know are kept. */
  readonly client?: Readonly<Record<string, unknown>>;
  /** The support file (Matrix v1.10). */
  readonly support?: Readonly<Record<string, unknown>>;
  /** Absolute path of a web root. */
  readonly write?: string;
  /** The daemon serves the files itself. */
  readonly serve: boolean;
}

export interface CertificateConfig {
  /** Besides the name that federation demands. May hold wildcards. */
  readonly names: readonly DomainName[];
  readonly keyType: KeyType;
  readonly outputs: readonly OutputTarget[];
  /** Null: nothing to reload. */
  readonly reload: ReloadAction | null;
  /** Null: every address of every SRV target; an empty list: `none`. */
  readonly verify: readonly Endpoint[] | null;
  /** How long the homeserver may take to serve the new certificate. Milliseconds. */
  readonly verifyTimeoutMs: number;
  /** Versions that the state directory keeps. */
  readonly keepVersions: number;
}
