import { type Asked, brokenAnswer } from '../floor/http-trouble.ts';

const NEXT = /<([^<>]*)>\s*;\s*rel="next"/;

/**
 * The `cursor` of the next page, from the Link header
 * (https://desec.readthedocs.io/en/latest/dns/rrsets.html#pagination); null on the last page. The link itself is not
 * followed: the token goes to the URL of the settings only.
 * @throws DelegatedError E_PROVIDER_UNAVAILABLE for a link without a cursor
 */
export function nextCursor(headers: Headers, asked: Asked): string | null {
  const link = NEXT.exec(headers.get('link') ?? '')?.[1];
  if (link === undefined) return null;
  const cursor = URL.canParse(link) ? new URL(link).searchParams.get('cursor') : null;
  if (cursor === null || cursor === '')
    throw brokenAnswer(asked, 'a link to the next page without its cursor');
  return cursor;
}
