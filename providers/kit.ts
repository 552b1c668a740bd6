/**
 * What `matrix-delegated/provider` gives to those who write a provider of their own: types, and one function that they
 * can do without. docs/writing-a-provider.md is the tutorial.
 */
import type { ErrorCode, ErrorDetails } from '../src/errors.ts';

export type {
  Capabilities,
  Change,
  CheckItem,
  Ctx,
  DnsProvider,
  DomainName,
  Log,
  Receipt,
  RRset,
  RRsetKey,
  RRType,
  SrvData,
  SrvRRset,
  TxtRRset,
  Zone,
} from '../src/provider.ts';
export type { ErrorCode, ErrorDetails, Outcome, Retry } from '../src/errors.ts';
export type { ProviderDeps } from './adapter.ts';
export type { ThirdPartyAdapter } from './third-party/load-adapter.ts';
export type { StandardIssue, StandardResult, StandardSchema } from './third-party/standard-schema.ts';

/** An error that is understood by its fields: any other object with the same ones is as good. */
export function providerError(code: ErrorCode, message: string, details: ErrorDetails = {}): Error {
  const { cause, ...fields } = details;
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code, ...fields });
}
