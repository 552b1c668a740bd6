import { chainTop } from '../../certificate/x509.ts';
import { asDelegatedError } from '../../errors.ts';
import type { Log } from '../../ports.ts';

export interface ChainChoice {
  /** Common name of the issuer of the topmost certificate. */
  readonly preferred: string;
  /** PEM, leaf first. */
  readonly usual: string;
  /** URLs of the CA's other chains for the same certificate (RFC 8555 §7.4.2). */
  readonly alternates: readonly string[];
  readonly fetch: (url: string) => Promise<string>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A CA that lists more than this goes in circles. */
const MOST_ALTERNATES = 10;

/**
 * The chain that ends below the preferred issuer. Without such a one the usual chain, with a warning that names what is
 * offered: a certificate with the other chain is better than none, and a word in the config is no reason to have none.
 */
export async function preferredChain(choice: ChainChoice): Promise<string> {
  const { preferred, usual, alternates, fetch, log, signal } = choice;
  const offered = [chainTop(usual)];
  if (offered[0] === preferred) return usual;
  for (const url of alternates.slice(0, MOST_ALTERNATES))
    try {
      const chain = await fetch(url);
      const top = chainTop(chain);
      if (top === preferred) return chain;
      offered.push(top);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const { code, message } = asDelegatedError(thrown);
      log.warn('another chain of the CA could not be fetched', { url, code, reason: message });
    }
  log.warn('the CA does not offer the preferred chain; taking its usual one', {
    preferred,
    offered: [...new Set(offered)].join(', '),
  });
  return usual;
}
