/** What the body of `/.well-known/matrix/client` says (client-server API § "Well-known URI"). */
export type ClientWellKnown =
  | { readonly kind: 'base-url'; readonly baseUrl: URL }
  /** Clients stop with an error: FAIL_PROMPT or FAIL_ERROR. */
  | { readonly kind: 'broken'; readonly why: string };

export function parseClientWellKnown(body: string): ClientWellKnown {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return { kind: 'broken', why: 'it is no JSON' };
  }
  const homeserver = field(document, 'm.homeserver');
  if (homeserver === undefined) return { kind: 'broken', why: 'it has no m.homeserver' };
  const baseUrl = field(homeserver, 'base_url');
  if (typeof baseUrl !== 'string') return { kind: 'broken', why: 'its m.homeserver has no base_url' };
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol))
    return { kind: 'broken', why: `its base_url ${JSON.stringify(baseUrl.slice(0, 100))} is no URL` };
  const identity = field(document, 'm.identity_server');
  if (identity !== undefined && typeof field(identity, 'base_url') !== 'string')
    return { kind: 'broken', why: 'its m.identity_server has no base_url' };
  return { kind: 'base-url', baseUrl: new URL(baseUrl) };
}

/** `base_url` may have a path, and a slash at its end. */
export function versionsUrl(baseUrl: URL): URL {
  return new URL(`${baseUrl.href.replace(/[?#].*$/, '').replace(/\/+$/, '')}/_matrix/client/versions`);
}

/** `GET /_matrix/client/versions` must list at least one. */
export function listsVersions(body: string): boolean {
  try {
    const versions = field(JSON.parse(body), 'versions');
    return Array.isArray(versions) && versions.length > 0;
  } catch {
    return false;
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
