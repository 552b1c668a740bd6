import { relativeToRoot } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import type { Ctx, RRset, RRsetKey, Zone } from '../../src/provider.ts';
import type { HttpApi } from '../floor/http-api.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { aliasFound } from '../floor/alias-found.ts';
import { type ApiRRset, rrsetPage } from './answers.ts';
import { fromApi, subname } from './convert.ts';
import { nextCursor } from './next-cursor.ts';

export const VENDOR = 'deSEC';
/** A page holds 500 RRsets and an account has 50 look-ups a minute, so the whole zone is soon the cheaper way. */
const FEW_NAMES = 2;

/** Names one by one as long as they are few, the whole zone page by page when they are many. */
export async function readRRsets(
  api: HttpApi,
  zone: Zone,
  keys: readonly RRsetKey[],
  ctx: Ctx,
): Promise<readonly (RRset | null)[]> {
  const names = [...new Set(keys.map(({ name }) => subname(name, zone)))];
  if (names.length === 0) return [];
  const lists =
    names.length > FEW_NAMES
      ? [await listRRsets(api, zone, undefined, ctx)]
      : await Promise.all(names.map((name) => listRRsets(api, zone, name, ctx)));
  const found = new Map(lists.flat().map((rrset) => [`${rrset.subname} ${rrset.type}`, rrset]));
  return keys.map((key) => {
    const name = subname(key.name, zone);
    const alias = found.get(`${name} CNAME`);
    if (alias !== undefined) throw aliasFound(key.name, alias.records.join(', '));
    const rrset = found.get(`${name} ${key.type}`);
    if (rrset === undefined) return null;
    const parsed = fromApi(key, rrset);
    if (parsed === null || rrset.records.length === 0)
      throw brokenAnswer({ vendor: VENDOR, to: `show ${keyText(key)}`, write: false }, 'unreadable records');
    return parsed;
  });
}

/**
 * An RRset that stands there all the while is on one of the pages, whatever comes and goes meanwhile: they are cut by
 * the time of creation, newest first, and not by number.
 */
async function listRRsets(
  api: HttpApi,
  zone: Zone,
  name: string | undefined,
  { signal }: Ctx,
): Promise<readonly ApiRRset[]> {
  const where = name === undefined ? 'the records' : name === '' ? 'the apex' : name;
  const asked = { vendor: VENDOR, to: `show ${where} of ${relativeToRoot(zone.name)}`, write: false };
  const all: ApiRRset[] = [];
  const seen = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    if (seen.has(cursor)) throw brokenAnswer(asked, 'pages that go round in a circle');
    seen.add(cursor);
    const query = { subname: name, cursor };
    const { json, headers } = await api.send(
      { method: 'GET', path: `${zonePath(zone)}rrsets/`, query, to: asked.to, write: false },
      signal,
    );
    all.push(...parseAnswer(rrsetPage, json, asked));
    cursor = nextCursor(headers, asked);
  }
  return all;
}

/** Ends with a slash, as all paths of the API. A domain has no other id than its name, without the last dot. */
export function zonePath({ name }: Zone): string {
  return `/domains/${encodeURIComponent(relativeToRoot(name))}/`;
}
