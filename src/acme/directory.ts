import { fieldsOf, urlIn } from './fields.ts';
import { isRecord } from './is-record.ts';
import { issuerDomainNames } from './issuer-domain-names.ts';

/** RFC 8555 §7.1.1, as far as we use it. */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert?: string;
  readonly keyChange?: string;
  /** RFC 9773 §4.1. */
  readonly renewalInfo?: string;
  readonly termsOfService?: string;
  /** Names of the certificate profiles on offer; absent where the CA knows no such thing. */
  readonly profiles?: readonly string[];
  readonly externalAccountRequired: boolean;
  /** The names that CAA records call the CA by; absent where it does not say. */
  readonly caaIdentities?: readonly string[];
  /** The names that standing values call the CA by (draft-ietf-acme-dns-persist-02 §3.2); absent where it does not say. */
  readonly issuerDomainNames?: readonly string[];
  /** What hashed account URIs begin with (the same draft, §4.1); absent where values have the URL of the account. */
  readonly accountHashPrefix?: string;
  /** How far our clock is ahead of the CA's; milliseconds, absent without a Date header. */
  readonly clockAheadMs?: number;
}

/** @throws DelegatedError E_ACME_PROBLEM when it is not a directory */
export function parseDirectory(body: unknown, url: string): Directory {
  const what = `the directory ${url}`;
  const fields = fieldsOf(body, what);
  const meta = isRecord(fields['meta']) ? fields['meta'] : {};
  const { termsOfService, profiles, caaIdentities, accountHashPrefix } = meta;
  const issuers = issuerDomainNames(meta['issuerDomainNames']);
  return {
    newNonce: urlIn(fields, 'newNonce', what),
    newAccount: urlIn(fields, 'newAccount', what),
    newOrder: urlIn(fields, 'newOrder', what),
    ...(fields['revokeCert'] === undefined ? {} : { revokeCert: urlIn(fields, 'revokeCert', what) }),
    ...(fields['keyChange'] === undefined ? {} : { keyChange: urlIn(fields, 'keyChange', what) }),
    ...(fields['renewalInfo'] === undefined ? {} : { renewalInfo: urlIn(fields, 'renewalInfo', what) }),
    ...(typeof termsOfService === 'string' && { termsOfService }),
    ...(isRecord(profiles) && { profiles: Object.keys(profiles).map(printable) }),
    ...(Array.isArray(caaIdentities) && {
      caaIdentities: caaIdentities.filter((each) => typeof each === 'string').map(printable),
    }),
    ...(issuers !== null && { issuerDomainNames: issuers }),
    ...(isUriStart(accountHashPrefix) && { accountHashPrefix }),
    externalAccountRequired: meta['externalAccountRequired'] === true,
  };
}

/** It ends up in a TXT record, behind `accounturi=` (RFC 8659 §4.2), with more of a URI behind it. */
function isUriStart(value: unknown): value is string {
  return (
    typeof value === 'string' && /^https:\/\/[\x21-\x3a\x3c-\x7e]{1,300}$/.test(value) && URL.canParse(value)
  );
}

/** It ends up on a terminal. */
function printable(name: string): string {
  return name.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, LONGEST_NAME);
}

const LONGEST_NAME = 100;
