import { isRecord } from './is-record.ts';

/** What there is of an account on disk. Never the key. */
export interface AccountKeySight {
  /** Absolute path of the private key. */
  readonly keyFile: string;
  /** RFC 7638, SHA-256 in base64url; null: there is no key yet, and so no account. */
  readonly thumbprint: string | null;
  /** A change of the key was interrupted; the next use of the account asks the CA how it ended. */
  readonly keyChangeOpen: boolean;
}

/** What there is of it at the CA. */
export interface AccountSight {
  /** As the CA says it; null: there is none. */
  readonly account: AccountAtCa | null;
  /** The name that CAA records call the CA by; null where it does not say. */
  readonly identity: string | null;
}

export interface AccountAtCa {
  readonly url: string;
  /** `valid`, `deactivated` or `revoked` (RFC 8555 §7.1.2). */
  readonly status: string;
  /** URLs, such as `mailto:…`; null where the CA keeps them to itself. */
  readonly contact: readonly string[] | null;
  /** The CA shows the external account that it is bound to; many CAs show nothing of a binding. */
  readonly bound: boolean;
}

/** A key of another client that may be the account's at a CA; the CA says whether it is. */
export interface ForeignAccountKey {
  /** Absolute path of the file. */
  readonly path: string;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
}

/** `path` is where the key came from. */
export type TakeOver = { readonly url: string; readonly path: string } | { readonly whyNot: string };

/** What a person does with an account; the verbs need none of it. None of these makes an account. */
export interface AccountDesk {
  /** Asks nobody. @throws DelegatedError E_SECRET, E_STATE */
  accountKey(): Promise<AccountKeySight>;
  /** Asks the CA (POST-as-GET, RFC 8555 §6.3), changes nothing. */
  lookAtAccount(ctx: Ctx): Promise<AccountSight>;
  /**
   * Makes the account that another client registered the one of this installation, after the CA has said that the key is
   * that of a valid account (RFC 8555 §7.3.1). Nothing is written before that, and an account that is here stays.
   * @throws DelegatedError E_STATE, E_SECRET, and what the CA's refusals are
   */
  takeOverAccount(candidates: readonly ForeignAccountKey[], ctx: Ctx): Promise<TakeOver>;
  /** RFC 8555 §7.3.5. A run that dies anywhere in it is finished by the next use of the account. */
  changeAccountKey(ctx: Ctx): Promise<void>;
  /** RFC 8555 §7.3.6. For good. @returns the folder where the key is kept */
  deactivateAccount(ctx: Ctx): Promise<string>;
}

interface Ctx {
  readonly signal: AbortSignal;
}

/** RFC 8555 §7.1.2. */
export function parseAccount(data: unknown, url: string): AccountAtCa {
  const { status, contact, externalAccountBinding } = isRecord(data) ? data : {};
  return {
    url,
    status: typeof status === 'string' ? status : 'unknown',
    contact: Array.isArray(contact) ? contact.filter((each) => typeof each === 'string') : null,
    bound: isRecord(externalAccountBinding),
  };
}

/** The property of a CAA record that lets this account issue by DNS-01 and no other (RFC 8657). */
export function pinningProperty(identity: string, accountUrl: string): string {
  return `0 issue "${identity}; accounturi=${accountUrl}; validationmethods=dns-01"`;
}
