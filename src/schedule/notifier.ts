import type { DelegatedError } from '../errors.ts';
import type { Level } from './alarm.ts';

/** What somebody is told of a site. */
export interface SiteNotice {
  readonly serverName: string;
  readonly level: Level;
  readonly notAfter?: string;
  readonly failingSince?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
  /** A page of the CA on why it wants a certificate renewed (RFC 9773 §4.2). */
  readonly explanationUrl?: string;
}

/** One message about all sites of a run that there is news of. */
export interface Notice {
  readonly version: 1;
  readonly at: string;
  /** For a person; a line for each site. */
  readonly text: string;
  readonly sites: readonly SiteNotice[];
}

export interface Notifier {
  /** By every channel of the config. What fails is in the result. @throws DelegatedError E_ABORTED */
  send(
    notice: Notice,
    ctx: { readonly signal: AbortSignal },
  ): Promise<readonly { readonly channel: string; readonly error: DelegatedError | null }[]>;
}
