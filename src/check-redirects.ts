/** A GET whose redirects are followed as peers follow them, over TLS that they would trust. */
import type { NameLooker } from './check-names.ts';
import { isIpLiteral } from './config/endpoint.ts';
import { parseDomainName } from './dns/domain-name.ts';
import { asDelegatedError } from './errors.ts';
import type { HttpResponse, HttpsOutcome, PlainOutcome, TlsSight } from './federation/https-outcome.ts';
import type { Trail, WellKnownEnd } from './federation/sight.ts';
import type { AddressAnswer } from './matrix/discovery.ts';
import { WELL_KNOWN_MAX_OCTETS } from './matrix/well-known-answer.ts';
import type { Clock, Ctx, HttpsLooker, HttpsRequest } from './ports.ts';

export interface WebPorts {
  readonly https: HttpsLooker;
  readonly clock: Clock;
  readonly names: NameLooker;
}

export interface Errand {
  readonly url: URL;
  /** Of the URL's host: which of its addresses to ask. */
  readonly address: string;
  /** Milliseconds for all of it. */
  readonly deadlineMs: number;
  /** The Origin header, as a browser sends it. */
  readonly origin?: string;
  /** The preflight of a browser, which follows no redirect (Fetch § "CORS-preflight fetch"). */
  readonly preflight?: HttpsRequest['preflight'];
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
/** What Twisted's RedirectAgent, and so Synapse, allows. */
const MAX_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export async function followRedirects(errand: Errand, ports: WebPorts, ctx: Ctx): Promise<Trail> {
  const deadline = ports.clock.monotonic() + errand.deadlineMs;
  const urls = [errand.url.href];
  const hops: HttpResponse[] = [];
  const ended = (end: Trail['end']): Trail => ({ urls, hops, end });
  for (let { url, address } = errand; ;) {
    const host = bare(url.hostname);
    const outcome = await ask(
      url,
      {
        endpoint: ports.names.dial(host, address, portOf(url)),
        sni: isIpLiteral(host) ? null : host,
        certName: host,
        host: url.host,
        path: `${url.pathname}${url.search}`,
        maxBody: WELL_KNOWN_MAX_OCTETS,
        deadlineMs: Math.max(1, deadline - ports.clock.monotonic()),
        ...(errand.origin === undefined ? {} : { origin: errand.origin }),
        ...(errand.preflight === undefined ? {} : { preflight: errand.preflight }),
      },
      ports.https,
      ctx,
    );
    if (outcome.kind !== 'response') return ended({ kind: 'failed', outcome });
    const { response } = outcome;
    if ('tls' in outcome && !isTrusted(outcome.tls))
      return ended({ kind: 'untrusted', host, tls: outcome.tls });
    hops.push(response);
    if (!REDIRECTS.has(response.status) || errand.preflight !== undefined)
      return ended({ kind: 'response', response });

    const next = locationOf(response, url);
    if (next === null) return ended({ kind: 'redirect', why: 'nowhere' });
    const seen = urls.includes(next.href);
    urls.push(next.href);
    if (!mayFollow(next, errand)) return ended({ kind: 'redirect', why: 'scheme' });
    if (seen) return ended({ kind: 'redirect', why: 'loop' });
    if (urls.length > MAX_REDIRECTS + 1) return ended({ kind: 'redirect', why: 'too-many' });
    if (next.host !== url.host || next.protocol !== url.protocol) {
      const there = await addressesOf(next, ports.names);
      if (there.kind !== 'addresses') return ended(noAddress(next, there));
      address = there.addresses[0] ?? '';
    }
    url = next;
  }
}

/**
 * Twisted's RedirectAgent (so Synapse) and Go's http.Client (so Dendrite) follow a redirect from HTTPS to plain HTTP;
 * browsers do not (Mixed Content § "Should fetching request be blocked").
 */
function mayFollow({ protocol }: URL, { origin }: Errand): boolean {
  return protocol === 'https:' || (protocol === 'http:' && origin === undefined);
}

function ask(
  { protocol }: URL,
  request: HttpsRequest,
  https: HttpsLooker,
  ctx: Ctx,
): Promise<HttpsOutcome | PlainOutcome> {
  return protocol === 'http:' ? https.getPlain(request, ctx) : https.get(request, ctx);
}

function isTrusted({ distrust, namesMatch }: TlsSight): boolean {
  return distrust === null && namesMatch;
}

function locationOf({ headers }: HttpResponse, base: URL): URL | null {
  const { location } = headers;
  return location !== undefined && URL.canParse(location, base.href) ? new URL(location, base) : null;
}

export async function addressesOf(url: URL, names: NameLooker): Promise<AddressAnswer> {
  if (isIpLiteral(url.hostname)) return { kind: 'addresses', addresses: [bare(url.hostname)] };
  try {
    return await names.addresses(parseDomainName(url.hostname), [portOf(url)]);
  } catch (thrown) {
    const error = asDelegatedError(thrown);
    if (error.code === 'E_DOMAIN_NAME') return { kind: 'none' };
    throw error;
  }
}

export function noAddress(
  url: URL,
  found: Exclude<AddressAnswer, { kind: 'addresses' }>,
): Extract<WellKnownEnd, { kind: 'no-address' }> {
  const why =
    found.kind === 'none' ? 'which has no address' : `whose addresses cannot be found out: ${found.why}`;
  return { kind: 'no-address', host: url.hostname, why, known: found.kind === 'none' };
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'http:' ? HTTP_PORT : HTTPS_PORT;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
