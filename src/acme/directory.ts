import { fieldsOf, urlIn } from './fields.ts';
import { isRecord } from './is-record.ts';

/** RFC 8555 §7.1.1, as far as we use it. */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert?: string;
  /** RFC 9773 §4.1. */
  readonly renewalInfo?: string;
  readonly termsOfService?: string;
  /** Names of the certificate profiles on offer; absent where the CA knows no such thing. */
  readonly profiles?: readonly string[];
  readonly externalAccountRequired: boolean;
  /** The names that CAA records call the CA by; absent where it does not say. */
  readonly caaIdentities?: readonly string[];
  /** How far our clock was ahead of the CA's when the directory came; milliseconds, absent without a Date header. */
  readonly clockAheadMs?: number;
}

/** @throws DelegatedError E_ACME_PROBLEM when it is not a directory */
export function parseDirectory(body: unknown, url: string): Directory {
  const what = `the directory ${url}`;
  const fields = fieldsOf(body, what);
  const meta = isRecord(fields['meta']) ? fields['meta'] : {};
  const { termsOfService, profiles, caaIdentities } = meta;
  return {
    newNonce: urlIn(fields, 'newNonce', what),
    newAccount: urlIn(fields, 'newAccount', what),
    newOrder: urlIn(fields, 'newOrder', what),
    ...(fields['revokeCert'] === undefined ? {} : { revokeCert: urlIn(fields, 'revokeCert', what) }),
    ...(fields['renewalInfo'] === undefined ? {} : { renewalInfo: urlIn(fields, 'renewalInfo', what) }),
    ...(typeof termsOfService === 'string' && { termsOfService }),
    ...(isRecord(profiles) && { profiles: Object.keys(profiles).map(printable) }),
    ...(Array.isArray(caaIdentities) && {
      caaIdentities: caaIdentities.filter((each) => typeof each === 'string').map(printable),
    }),
    externalAccountRequired: meta['externalAccountRequired'] === true,
  };
}

/** It ends up on a terminal. */
function printable(name: string): string {
  return name.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, LONGEST_NAME);
}

const LONGEST_NAME = 100;
