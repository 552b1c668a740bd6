/** `/.well-known/matrix/server` from each address of a host, redirects followed as peers follow them. */
import { type WebPorts, addressesOf, followRedirects, noAddress } from './check-redirects.ts';
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import type { HttpResponse } from './federation/https-outcome.ts';
import type { WellKnownEnd, WellKnownFetch } from './federation/sight.ts';
import type { WellKnownAnswer } from './matrix/discovery.ts';
import { WELL_KNOWN_MAX_OCTETS, parseWellKnownServer, wellKnownCaching } from './matrix/well-known-answer.ts';
import type { Ctx } from './ports.ts';

/** @param deadlineMs for each address, redirects included */
export async function fetchWellKnown(
  host: DomainName,
  deadlineMs: number,
  ports: WebPorts,
  ctx: Ctx,
): Promise<WellKnownFetch[]> {
  const url = new URL(`https://${relativeToRoot(host)}/.well-known/matrix/server`);
  const found = await addressesOf(url, ports.names);
  if (found.kind !== 'addresses')
    return [{ address: '', urls: [url.href], statuses: [], end: noAddress(url, found) }];
  return Promise.all(
    found.addresses.map(async (address) => {
      const { urls, hops, end } = await followRedirects({ url, address, deadlineMs }, ports, ctx);
      return {
        address,
        urls,
        statuses: hops.map(({ status }) => status),
        end: end.kind === 'response' ? endOf(end.response, ports.clock.now()) : end,
      };
    }),
  );
}

/** What a peer makes of it. Where the addresses differ, the first that delegates counts. */
export function wellKnownAnswer(fetches: readonly WellKnownFetch[]): WellKnownAnswer {
  for (const { end } of fetches)
    if (end.kind === 'answer' && end.body.kind === 'delegates') return { kind: 'delegates', to: end.body.to };
  return { kind: 'none', why: fetches[0] === undefined ? 'it was not fetched' : endText(fetches[0].end) };
}

function endOf(response: HttpResponse, now: Date): WellKnownEnd {
  if (response.status !== 200) return { kind: 'status', status: response.status };
  if (response.oversized) return { kind: 'too-large' };
  const body = parseWellKnownServer(response.body);
  return { kind: 'answer', body, ...wellKnownCaching(response.headers, now.getTime()) };
}

/** Half a sentence. */
function endText(end: WellKnownEnd): string {
  switch (end.kind) {
    case 'answer':
      return end.body.kind === 'delegates' ? `it names ${end.body.to.text}` : end.body.why;
    case 'status':
      return `it answers with status ${end.status}`;
    case 'redirect':
      return REDIRECT_TEXTS[end.why];
    case 'too-large':
      return `it is larger than ${WELL_KNOWN_MAX_OCTETS / 1024} KiB`;
    case 'untrusted':
      return `the certificate of ${end.host} is not to be trusted (${end.tls.distrust ?? 'wrong name'})`;
    case 'failed':
      return end.outcome.message;
    case 'no-address':
      break;
  }
  return `it is at ${end.host}, ${end.why}`;
}

const REDIRECT_TEXTS = {
  loop: 'its redirects go in a circle',
  'too-many': 'it redirects more than 20 times',
  scheme: 'it redirects to neither HTTPS nor HTTP',
  nowhere: 'it redirects without saying where to',
} as const;
