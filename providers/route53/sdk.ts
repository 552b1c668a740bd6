import type { RRType as ApiRRType } from '@aws-sdk/client-route-53';
import { DelegatedError } from '../../src/errors.ts';

export interface CallOptions {
  readonly abortSignal: AbortSignal;
}

export interface ApiChange {
  readonly Action: 'CREATE' | 'DELETE';
  readonly ResourceRecordSet: {
    readonly Name: string;
    readonly Type: 'SRV' | 'TXT';
    readonly TTL: number;
    readonly ResourceRecords: { readonly Value: string }[];
  };
}

/** Where a page of RRsets begins. */
export interface RecordStart {
  readonly StartRecordName?: string;
  readonly StartRecordType?: ApiRRType;
  readonly StartRecordIdentifier?: string;
}

/** What we use of the client; what it answers is parsed, since an answer cut short passes the SDK. */
export interface Route53Client {
  listHostedZonesByName(
    input: { readonly DNSName?: string; readonly HostedZoneId?: string; readonly MaxItems: number },
    options: CallOptions,
  ): Promise<unknown>;
  getHostedZone(input: { readonly Id: string }, options: CallOptions): Promise<unknown>;
  listResourceRecordSets(
    input: RecordStart & { readonly HostedZoneId: string; readonly MaxItems: number },
    options: CallOptions,
  ): Promise<unknown>;
  changeResourceRecordSets(
    input: {
      readonly HostedZoneId: string;
      readonly ChangeBatch: { readonly Comment: string; readonly Changes: ApiChange[] };
    },
    options: CallOptions,
  ): Promise<unknown>;
  getChange(input: { readonly Id: string }, options: CallOptions): Promise<unknown>;
  readonly config: { readonly credentials: () => Promise<Credentials> };
  destroy(): void;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ClientConfig {
  readonly region: string;
  readonly credentials?: Credentials;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly maxAttempts: number;
  readonly logger: SdkLogger;
}

type SdkLog = (...content: unknown[]) => void;

export interface SdkLogger {
  readonly trace: SdkLog;
  readonly debug: SdkLog;
  readonly info: SdkLog;
  readonly warn: SdkLog;
  readonly error: SdkLog;
}

/** The package, as far as we use it. */
export interface Route53Sdk {
  readonly Route53: new (config: ClientConfig) => Route53Client;
}

/**
 * 19 MB that only users of Route 53 need are no dependency of ours: they are installed beside us.
 * @throws DelegatedError E_PROVIDER_UNSUPPORTED where they are not
 */
export async function loadSdk(
  load: () => Promise<Route53Sdk> = () => import('@aws-sdk/client-route-53'),
): Promise<Route53Sdk> {
  try {
    return await load();
  } catch (error) {
    throw new DelegatedError(
      'E_PROVIDER_UNSUPPORTED',
      'the provider type route53 needs the npm package @aws-sdk/client-route-53, which cannot be loaded',
      {
        hint: 'install it beside delegated: npm install -g @aws-sdk/client-route-53@3 (without -g where delegated is part of a project)',
        cause: error,
      },
    );
  }
}
