import { listsVersions } from '../matrix/client-well-known.ts';
import { type Finding, finding } from './finding.ts';
import type { ClientSight, ServerSight, Trail } from './sight.ts';

/**
 * SRV records mean nothing to clients: they read the file, or take the server name itself for the homeserver. Where
 * there is neither, users have to be told a URL, and some servers are meant to be like that.
 */
export function diagnoseClientMissing({ client, discovery }: ServerSight): Finding[] {
  const bySrv = ['4', '5'].includes(discovery.branch) && discovery.endpoints.length > 0;
  const evidence = bySrv && client !== null ? absence(client) : null;
  if (evidence === null) return [];
  const url = client?.file.urls[0] ?? '';
  return [
    finding(
      'CLIENT_FILE_MISSING',
      `Clients do not read SRV records, and there is no ${url}, so users have to type the URL of the homeserver when they log in.`,
      'serve {"m.homeserver": {"base_url": "https://HOST"}} there, HOST being where /_matrix/client answers, or tell your users that URL',
      evidence,
    ),
  ];
}

/** How it is known that neither is there, one line each; null where one is, or may be. */
function absence({ file, versionsWithoutFile }: ClientSight): string[] | null {
  const without = unreachedBy(file);
  if (without !== null) return [without];
  if (file.end.kind !== 'response' || file.end.response.status !== 404) return null;
  if (versionsWithoutFile?.end.kind !== 'response') return null;
  const { status, body } = versionsWithoutFile.end.response;
  // A proxy whose homeserver is down says 502 and the like.
  if (status >= 500 || (status === 200 && listsVersions(body))) return null;
  return [
    `${file.urls[0] ?? ''}: status 404`,
    `${versionsWithoutFile.urls[0] ?? ''}: ${status === 200 ? 'no list of versions' : `status ${status}`}`,
  ];
}

/** Why there is no web server at all; null where there may be one. */
function unreachedBy({ urls, end }: Trail): string | null {
  const [url = ''] = urls;
  if (urls.length > 1) return null;
  if (end.kind === 'no-address') return end.known ? `${url}: ${end.host}, ${end.why}` : null;
  const refused =
    end.kind === 'failed' && end.outcome.kind === 'no-connection' && end.outcome.why === 'refused';
  return refused ? `${url}: ${end.outcome.message}` : null;
}
