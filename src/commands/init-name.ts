import { parseDomainName, relativeToRoot } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import { type DelegableServerName, parseDelegableServerName } from '../matrix/server-name.ts';
import type { Interview } from './interview.ts';

/**
 * The server name, as the homeserver has it.
 * @param given on the command line
 * @throws DelegatedError E_SERVER_NAME for a wrong one on the command line
 */
export async function askServerName(
  given: string | undefined,
  interview: Interview,
): Promise<DelegableServerName> {
  let known = given === undefined ? null : readServerName(given);
  for (;;) {
    const name = known ?? (await interview.ask('Server name, as in @user:SERVER_NAME', readServerName));
    const small = name.text.toLowerCase();
    if (name.text === small) return name;
    const question = `Case counts in server names: "${name.text}" is not "${small}". Does the homeserver's config say "${name.text}"?`;
    if (await interview.confirm(question, false)) return name;
    known = null;
  }
}

/** @throws DelegatedError E_SERVER_NAME, with what may be meant */
export function readServerName(answer: string): DelegableServerName {
  try {
    return parseDelegableServerName(answer);
  } catch (error) {
    // With a port it is a server name, though none that SRV can delegate.
    const meant = /^[^/@]*:\d+$/.test(answer) ? null : hostMeant(answer);
    if (meant === null || !(error instanceof DelegatedError)) throw error;
    throw new DelegatedError('E_SERVER_NAME', `${JSON.stringify(answer)} is more than a server name`, {
      hint: `type ${meant} if that is the server_name in the homeserver's config`,
      cause: error,
    });
  }
}

/** The host in a URL, in a user ID, in front of a dot or of a port, or in letters of its own; null: nobody can tell. */
export function hostMeant(answer: string): string | null {
  const host = answer
    .replace(/^https?:\/\/([^/?#]*).*$/i, '$1')
    .replace(/^[@#!][^:]*:/, '')
    .replace(/:\d+$/, '')
    .replace(/\.$/, '');
  if (host === answer && /^[\x21-\x7e]*$/.test(host)) return null;
  try {
    return relativeToRoot(parseDelegableServerName(relativeToRoot(parseDomainName(host))).host.name);
  } catch (error) {
    if (error instanceof DelegatedError) return null;
    throw error;
  }
}
