import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Ctx, RRset, RRsetKey, Zone } from '../../src/provider.ts';
import { aliasFound } from '../floor/alias-found.ts';
import { type ApiRRset, rrsetPage } from './answers.ts';
import { fromApi, keyOf } from './convert.ts';
import type { Client } from './transport.ts';

/** One look-up for each name is cheaper than the whole zone up to about so many. */
const FEW_NAMES = 8;
const PAGE_SIZE = 1_000;

/** Names one by one as long as they are few, the whole zone in pages when they are many. */
export async function readRRsets(
  client: Client,
  zone: Zone,
  keys: readonly RRsetKey[],
  { signal }: Ctx,
): Promise<readonly (RRset | null)[]> {
  const names = [...new Set(keys.map(({ name }) => name))];
  if (names.length === 0) return [];
  const lists =
    names.length > FEW_NAMES
      ? [await rrsetsOf(client, zone, undefined, signal)]
      : await Promise.all(names.map((name) => rrsetsOf(client, zone, name, signal)));
  const found = new Map(lists.flat().map((rrset) => [keyOf(rrset), rrset]));
  return keys.map((key) => {
    const alias = found.get(`${key.name} CNAME`);
    if (alias !== undefined) throw aliasFound(key.name, (alias.rrdatas ?? []).join(', '));
    const raw = found.get(keyText(key));
    if (raw === undefined) return null;
    const parsed = fromApi(key, raw);
    if (parsed === undefined) throw unreadable(key);
    return parsed;
  });
}

/** Without a type the filter shows an alias at the name as well. */
async function rrsetsOf(
  client: Client,
  { id, name: apex }: Zone,
  name: string | undefined,
  signal: AbortSignal,
): Promise<readonly ApiRRset[]> {
  const found: ApiRRset[] = [];
  let pageToken: string | undefined;
  do {
    const query = {
      ...(name === undefined ? {} : { name }),
      ...(pageToken === undefined ? {} : { pageToken }),
      maxResults: PAGE_SIZE,
      autoPaginate: false as const,
    };
    const page = await client.ask({ to: `show ${name ?? apex}`, signal }, rrsetPage, (dns) =>
      dns.zone(id).getRecords(query),
    );
    found.push(...page.rrsets);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return found;
}

function unreadable(key: RRsetKey): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_UNSUPPORTED',
    `Google Cloud DNS answers ${keyText(key)} by a routing policy, or with records that cannot be read`,
    { hint: 'give the name plain records' },
  );
}
