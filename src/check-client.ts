/** What clients find: `/.well-known/matrix/client`, and whether the homeserver answers where it points to. */
import { type Errand, type WebPorts, addressesOf, followRedirects, noAddress } from './check-redirects.ts';
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import type { ConnectionFailure } from './federation/https-outcome.ts';
import type { ClientSight, Trail } from './federation/sight.ts';
import { type ClientWellKnown, parseClientWellKnown, versionsUrl } from './matrix/client-well-known.ts';
import type { Ctx } from './ports.ts';

/** Any page that a client might be served from; the specification wants "*" as the answer. */
const ORIGIN = 'https://client.invalid';

/** What the specification wants to be allowed; the API is asked with a token, the file is not. */
const [FILE_HEADERS, API_HEADERS] = ['content-type', 'authorization,content-type'];

type Get = (url: URL, preflight?: Errand['preflight']) => Promise<Trail>;

/** @param deadlineMs for each look, redirects included */
export async function lookAtClient(
  host: DomainName,
  deadlineMs: number,
  ports: WebPorts,
  ctx: Ctx,
): Promise<ClientSight> {
  const get: Get = (url, preflight) => {
    const rest = preflight === undefined ? {} : { preflight };
    return fetchAsBrowser({ url, deadlineMs, origin: ORIGIN, ...rest }, ports, ctx);
  };
  const home = new URL(`https://${relativeToRoot(host)}/`);
  const file = await get(new URL('/.well-known/matrix/client', home));
  const answer = file.end.kind === 'response' ? file.end.response : null;
  const content = answer?.status === 200 ? parseClientWellKnown(answer.body) : null;
  return {
    origin: ORIGIN,
    file,
    content,
    ...(await lookAtApi(file, content, get)),
    versionsWithoutFile: answer?.status === 404 ? await get(versionsUrl(home)) : null,
  };
}

async function lookAtApi(
  file: Trail,
  content: ClientWellKnown | null,
  get: Get,
): Promise<Pick<ClientSight, 'api' | 'versions' | 'filePreflight' | 'apiPreflight'>> {
  const api = content?.kind === 'base-url' ? versionsUrl(content.baseUrl) : null;
  const [versions, filePreflight, apiPreflight] = await Promise.all([
    api?.protocol === 'https:' ? get(api) : null,
    content === null ? null : get(new URL(file.urls.at(-1) ?? ''), { headers: FILE_HEADERS }),
    api?.protocol === 'https:' ? get(api, { headers: API_HEADERS }) : null,
  ]);
  return { api, versions, filePreflight, apiPreflight };
}

/** As browsers do it: where one address takes no connection, the next is tried. The time is for all of them. */
async function fetchAsBrowser(errand: Omit<Errand, 'address'>, ports: WebPorts, ctx: Ctx): Promise<Trail> {
  const { url, deadlineMs } = errand;
  const found = await addressesOf(url, ports.names);
  const addresses = found.kind === 'addresses' ? found.addresses : [];
  const until = ports.clock.monotonic() + deadlineMs;
  const failures: Trail[] = [];
  for (const address of addresses) {
    const left = Math.max(1, until - ports.clock.monotonic());
    const trail = await followRedirects({ ...errand, address, deadlineMs: left }, ports, ctx);
    if (failureOf(trail) === null) return trail;
    failures.push(trail);
  }
  // What was not tried, or not to its end, may be there: that comes before a definite no.
  const worst = failures.find((trail) => failureOf(trail) !== 'refused') ?? failures[0];
  const nowhere = noAddress(url, found.kind === 'addresses' ? { kind: 'none' } : found);
  return worst ?? { urls: [url.href], hops: [], end: nowhere };
}

/** Why there is no connection to where the errand began; null where there was one. */
function failureOf({ urls, end }: Trail): ConnectionFailure | null {
  if (urls.length > 1 || end.kind !== 'failed' || end.outcome.kind !== 'no-connection') return null;
  return end.outcome.why;
}
