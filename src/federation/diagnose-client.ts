import { listsVersions } from '../matrix/client-well-known.ts';
import { closedHops, diagnoseClientCors } from './diagnose-client-cors.ts';
import { type Finding, finding } from './finding.ts';
import type { HttpResponse } from './https-outcome.ts';
import type { ClientSight, ServerSight, Trail } from './sight.ts';

/** What keeps clients away. Peers do not mind, so nothing here is an error; a server without the file is left alone. */
export function diagnoseClient({ client }: ServerSight): Finding[] {
  if (client?.file.end.kind === 'redirect')
    return [strayFinding(client.file, REDIRECTS[client.file.end.why])];
  if (client?.file.end.kind !== 'response') return [];
  const { response } = client.file.end;
  if (response.status !== 200) return statusFindings(response, client.file);
  return [
    ...contentFindings(client),
    ...corsFindings(client),
    ...typeFindings(response, client.file),
    ...apiFindings(client),
    ...diagnoseClientCors(client),
  ];
}

const REDIRECTS = {
  loop: 'go in a circle',
  'too-many': 'are more than 20',
  scheme: 'lead to plain HTTP, where browsers do not follow',
  nowhere: 'do not say where to',
} as const;

function strayFinding({ urls }: Trail, why: string): Finding {
  return finding(
    'CLIENT_FILE_BROKEN',
    `The redirects of ${urls[0] ?? ''} ${why}, so clients stop with an error.`,
    'serve the file there, or redirect once to an https URL that serves it',
    [urls.join(' → ')],
  );
}

function statusFindings({ status }: HttpResponse, { urls }: Trail): Finding[] {
  // Clients go on without the file after a 404, and only then.
  if (status === 404) return [];
  return [
    finding(
      'CLIENT_FILE_BROKEN',
      `${urls[0] ?? ''} answers with status ${status}, so clients stop with an error.`,
      'serve the file, or a 404 if there is none',
      [urls.join(' → ')],
    ),
  ];
}

function contentFindings({ file, content }: ClientSight): Finding[] {
  if (content?.kind !== 'broken') return [];
  return [
    finding(
      'CLIENT_FILE_BROKEN',
      `${file.urls[0] ?? ''}: ${content.why}, so clients stop with an error.`,
      'serve {"m.homeserver": {"base_url": "https://HOST"}} there, or a 404',
      [file.urls.join(' → ')],
    ),
  ];
}

/** A browser looks at each hop: a redirect without the header ends the request (v1.20 of the specification says so). */
function corsFindings({ file, origin }: ClientSight): Finding[] {
  const closed = closedHops(file, origin);
  if (closed.length === 0) return [];
  return [
    finding(
      'CLIENT_FILE_CORS',
      `${file.urls[0] ?? ''} lacks "Access-Control-Allow-Origin: *", so clients in a browser cannot read it.`,
      'send that header with the file and with every redirect on the way to it',
      closed,
    ),
  ];
}

function typeFindings({ headers }: HttpResponse, { urls }: Trail): Finding[] {
  const type = headers['content-type'] ?? 'none';
  if (/^application\/json\b/i.test(type)) return [];
  return [
    finding(
      'CLIENT_FILE_TYPE',
      `${urls.at(-1) ?? ''} has the content type ${type}, on which strict clients give up.`,
      'serve it as application/json',
      [`content-type: ${type}`],
    ),
  ];
}

function apiFindings({ api, versions }: ClientSight): Finding[] {
  if (api === null) return [];
  const end = versions?.end;
  if (end?.kind === 'response' && end.response.status === 200 && listsVersions(end.response.body)) return [];
  return [
    finding(
      'CLIENT_API_DOWN',
      `The base_url of the client well-known leads to ${api.href}, which lists no versions, so clients stop with an error.`,
      'let base_url be the https URL at which the homeserver (or its proxy) answers /_matrix/client',
      [whyNot(api, end)],
    ),
  ];
}

function whyNot({ protocol }: URL, end: Trail['end'] | undefined): string {
  if (protocol !== 'https:' || end === undefined) return 'plain HTTP';
  if (end.kind === 'response') return `status ${end.response.status}`;
  if (end.kind === 'failed') return end.outcome.message;
  if (end.kind === 'no-address') return `${end.host}, ${end.why}`;
  return end.kind === 'untrusted'
    ? `certificate not to be trusted (${end.tls.distrust ?? 'wrong name'})`
    : end.kind;
}
