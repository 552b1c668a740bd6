/** What clients find: `/.well-known/matrix/client`, and whether the homeserver answers where it points to. */
import { type Errand, type WebPorts, addressesOf, followRedirects } from './check-redirects.ts';
import { type DomainName, relativeToRoot } from './dns/domain-name.ts';
import type { ClientSight, Trail } from './federation/sight.ts';
import { parseClientWellKnown, versionsUrl } from './matrix/client-well-known.ts';
import type { Ctx } from './ports.ts';

/** Any page that a client might be served from; the specification wants "*" as the answer. */
const ORIGIN = 'https://client.invalid';

/** What the specification wants to be allowed; the API is asked with a token, the file is not. */
const [FILE_HEADERS, API_HEADERS] = ['content-type', 'authorization,content-type'];

/** @returns null where there is nothing to fetch it from */
export async function lookAtClient(
  host: DomainName,
  deadlineMs: number,
  ports: WebPorts,
  ctx: Ctx,
): Promise<ClientSight | null> {
  const get = async (url: URL, preflight?: Errand['preflight']): Promise<Trail | null> => {
    const found = await addressesOf(url, ports.names);
    if (found.kind !== 'addresses') return null;
    const errand = {
      url,
      address: found.addresses[0] ?? '',
      deadlineMs,
      origin: ORIGIN,
      ...(preflight === undefined ? {} : { preflight }),
    };
    return followRedirects(errand, ports, ctx);
  };
  const file = await get(new URL(`https://${relativeToRoot(host)}/.well-known/matrix/client`));
  if (file === null) return null;
  const body =
    file.end.kind === 'response' && file.end.response.status === 200 ? file.end.response.body : null;
  const content = body === null ? null : parseClientWellKnown(body);
  const api = content?.kind === 'base-url' ? versionsUrl(content.baseUrl) : null;
  const [versions, filePreflight, apiPreflight] = await Promise.all([
    api?.protocol === 'https:' ? get(api) : null,
    content === null ? null : get(new URL(file.urls.at(-1) ?? ''), { headers: FILE_HEADERS }),
    api?.protocol === 'https:' ? get(api, { headers: API_HEADERS }) : null,
  ]);
  return { origin: ORIGIN, file, content, api, versions, filePreflight, apiPreflight };
}
