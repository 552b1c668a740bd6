/** `/.well-known/matrix/server` from each address of a host, redirects followed as peers follow them. */
import { isIpLiteral } from './config/endpoint.ts';
import { type DomainName, parseDomainName, relativeToRoot } from './dns/domain-name.ts';
import { asDelegatedError } from './errors.ts';
import type { HttpResponse, TlsSight } from './federation/https-outcome.ts';
import type { WellKnownEnd, WellKnownFetch } from './federation/sight.ts';
import type { NameLooker } from './check-names.ts';
import type { AddressAnswer, WellKnownAnswer } from './matrix/discovery.ts';
import { WELL_KNOWN_MAX_OCTETS, parseWellKnownServer, wellKnownCacheSeconds } from './matrix/well-known.ts';
import type { Clock, Ctx, HttpsLooker } from './ports.ts';

export interface WellKnownPorts {
  readonly https: HttpsLooker;
  readonly clock: Clock;
  readonly names: NameLooker;
}

const HTTPS_PORT = 443;
/** What Twisted's RedirectAgent, and so Synapse, allows. */
const MAX_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** @param deadlineMs for each address, redirects included */
export async function fetchWellKnown(
  host: DomainName,
  deadlineMs: number,
  ports: WellKnownPorts,
  ctx: Ctx,
): Promise<WellKnownFetch[]> {
  const url = new URL(`https://${relativeToRoot(host)}/.well-known/matrix/server`);
  const found = await ports.names.addresses(host, [HTTPS_PORT]);
  if (found.kind !== 'addresses')
    return [{ address: '', urls: [url.href], statuses: [], end: noAddress(url, found) }];
  return Promise.all(found.addresses.map((address) => follow(url, address, deadlineMs, ports, ctx)));
}

/** What a peer makes of it. Where the addresses differ, the first that delegates counts. */
export function wellKnownAnswer(fetches: readonly WellKnownFetch[]): WellKnownAnswer {
  for (const { end } of fetches)
    if (end.kind === 'answer' && end.body.kind === 'delegates') return { kind: 'delegates', to: end.body.to };
  return { kind: 'none', why: fetches[0] === undefined ? 'it was not fetched' : endText(fetches[0].end) };
}

async function follow(
  first: URL,
  address: string,
  deadlineMs: number,
  ports: WellKnownPorts,
  ctx: Ctx,
): Promise<WellKnownFetch> {
  const deadline = ports.clock.monotonic() + deadlineMs;
  const urls = [first.href];
  const statuses: number[] = [];
  const ended = (end: WellKnownEnd): WellKnownFetch => ({ address, urls, statuses, end });
  for (let [url, at] = [first, address]; ;) {
    const port = url.port === '' ? HTTPS_PORT : Number(url.port);
    const host = bare(url.hostname);
    const outcome = await ports.https.get(
      {
        endpoint: ports.names.dial(host, at, port),
        sni: isIpLiteral(host) ? null : host,
        certName: host,
        host: url.host,
        path: `${url.pathname}${url.search}`,
        maxBody: WELL_KNOWN_MAX_OCTETS,
        deadlineMs: Math.max(1, deadline - ports.clock.monotonic()),
      },
      ctx,
    );
    if (outcome.kind !== 'response') return ended({ kind: 'failed', outcome });
    const { tls, response } = outcome;
    if (!isTrusted(tls)) return ended({ kind: 'untrusted', host, tls });
    statuses.push(response.status);
    if (!REDIRECTS.has(response.status)) return ended(endOf(response, ports.clock.now()));

    const next = locationOf(response, url);
    if (next === null) return ended({ kind: 'redirect', why: 'nowhere' });
    if (next.protocol !== 'https:') {
      urls.push(next.href);
      return ended({ kind: 'redirect', why: 'insecure' });
    }
    const seen = urls.includes(next.href);
    urls.push(next.href);
    if (seen) return ended({ kind: 'redirect', why: 'loop' });
    if (urls.length > MAX_REDIRECTS + 1) return ended({ kind: 'redirect', why: 'too-many' });
    if (next.host !== url.host) {
      const there = await addressesOf(next, ports);
      if (there.kind !== 'addresses') return ended(noAddress(next, there));
      at = there.addresses[0] ?? '';
    }
    url = next;
  }
}

function isTrusted({ distrust, namesMatch }: TlsSight): boolean {
  return distrust === null && namesMatch;
}

function endOf(response: HttpResponse, now: Date): WellKnownEnd {
  if (response.status !== 200) return { kind: 'status', status: response.status };
  if (response.oversized) return { kind: 'too-large' };
  const cacheSeconds = wellKnownCacheSeconds(response.headers, now.getTime());
  return { kind: 'answer', body: parseWellKnownServer(response.body), cacheSeconds };
}

function locationOf({ headers }: HttpResponse, base: URL): URL | null {
  const { location } = headers;
  return location !== undefined && URL.canParse(location, base.href) ? new URL(location, base) : null;
}

async function addressesOf(url: URL, { names }: WellKnownPorts): Promise<AddressAnswer> {
  if (isIpLiteral(url.hostname)) return { kind: 'addresses', addresses: [bare(url.hostname)] };
  const port = url.port === '' ? HTTPS_PORT : Number(url.port);
  try {
    return await names.addresses(parseDomainName(url.hostname), [port]);
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code === 'E_DOMAIN_NAME') return { kind: 'none' };
    throw error;
  }
}

function noAddress(url: URL, found: Exclude<AddressAnswer, { kind: 'addresses' }>): WellKnownEnd {
  const why =
    found.kind === 'none' ? 'which has no address' : `whose addresses cannot be found out: ${found.why}`;
  return { kind: 'no-address', host: url.hostname, why };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
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
  'too-many': `it redirects more than ${MAX_REDIRECTS} times`,
  insecure: 'it redirects to plain HTTP',
  nowhere: 'it redirects without saying where to',
} as const;
