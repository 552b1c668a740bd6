import { listsVersions } from '../matrix/client-well-known.ts';
import { type Finding, finding } from './finding.ts';
import type { ClientSight, Trail } from './sight.ts';

const WANTED = [
  'Access-Control-Allow-Origin: *',
  'Access-Control-Allow-Methods: GET, POST, PUT, DELETE, OPTIONS',
  'Access-Control-Allow-Headers: X-Requested-With, Content-Type, Authorization',
].join('; ');

/** What a browser asks before it sends a request, and what it needs to see on the answers of the homeserver. */
export function diagnoseClientCors(client: ClientSight): Finding[] {
  return [...fileFindings(client), ...apiFindings(client)];
}

/** One line for each hop whose answer a page of that origin must not read. */
export function closedHops({ hops, urls }: Trail, origin: string): string[] {
  return hops.flatMap((hop, index) => {
    const allowed = hop.headers['access-control-allow-origin'];
    return allowed === '*' || allowed === origin
      ? []
      : [`${urls[index] ?? ''}: ${allowed ?? 'no such header'}`];
  });
}

/** Browsers ask before they send anything unusual; today's clients send nothing unusual for the file. */
function fileFindings({ file, filePreflight, origin }: ClientSight): Finding[] {
  // Without the header on the file itself there is a worse finding already.
  if (closedHops(file, origin).length > 0) return [];
  const refusal = refusalOf(filePreflight, origin, []);
  if (refusal === null) return [];
  return [
    finding(
      'CLIENT_FILE_PREFLIGHT',
      `${filePreflight?.urls[0] ?? ''} does not allow browsers what they ask for with OPTIONS.`,
      `answer OPTIONS there with status 200 or 204 and ${WANTED}`,
      [refusal],
    ),
  ];
}

function apiFindings({ api, versions, apiPreflight, origin }: ClientSight): Finding[] {
  if (api === null || versions?.end.kind !== 'response') return [];
  const { status, body } = versions.end.response;
  // Where no homeserver answers, its headers are not the trouble.
  if (status !== 200 || !listsVersions(body)) return [];
  const refusal = refusalOf(apiPreflight, origin, ['authorization']);
  const evidence = [...closedHops(versions, origin), ...(refusal === null ? [] : [refusal])];
  if (evidence.length === 0) return [];
  return [
    finding(
      'CLIENT_API_CORS',
      `${api.href} does not let browsers use it, so clients on the web cannot log in.`,
      `send ${WANTED} with every answer, and answer OPTIONS with status 200 or 204; Synapse does so by itself, so let the proxy change nothing`,
      evidence,
    ),
  ];
}

/** Why a browser would go no further; null where it would (Fetch § "CORS-preflight fetch"). */
function refusalOf(trail: Trail | null, origin: string, headers: readonly string[]): string | null {
  if (trail?.end.kind !== 'response') return null;
  const { status, headers: said } = trail.end.response;
  const url = trail.urls[0] ?? '';
  if (status < 200 || status > 299) return `OPTIONS ${url}: status ${status}`;
  const [closed] = closedHops(trail, origin);
  if (closed !== undefined) return `OPTIONS ${closed} (Access-Control-Allow-Origin)`;
  const allowed = (said['access-control-allow-headers'] ?? '').toLowerCase().split(/\s*,\s*/);
  // "*" does not stand for Authorization (Fetch § "CORS non-wildcard request-header name").
  const missing = headers.filter((each) => !allowed.includes(each));
  return missing.length === 0
    ? null
    : `OPTIONS ${url}: Access-Control-Allow-Headers does not name ${missing.join(', ')}`;
}
