import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Ctx, DomainName, RRset, RRsetKey, Zone } from '../../src/provider.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { aliasFound } from '../floor/alias-found.ts';
import { type ApiRRset, rrsetPage } from './answers.ts';
import { fromApi, fromApiName, toApiName } from './convert.ts';
import type { Link } from './link.ts';
import type { RecordStart } from './sdk.ts';

/** The most that a page has (verified 2026-11). */
const RRSETS_PER_PAGE = 300;
/** Up to so many names are looked up one by one right away. */
const FEW_NAMES = 4;

/**
 * Names one by one while they are few; otherwise the whole zone, unless it turns out to have more pages than there are
 * names.
 */
export async function readRecords(
  link: Link,
  zone: Zone,
  keys: readonly RRsetKey[],
  ctx: Ctx,
): Promise<readonly (RRset | null)[]> {
  const names = [...new Set(keys.map(({ name }) => name))];
  const whole = names.length > FEW_NAMES ? await wholeZone(link, zone, names.length, ctx) : null;
  const found = byName(whole ?? (await namesOneByOne(link, zone, names, ctx)));
  return keys.map((key) => one(key, found.get(key.name) ?? []));
}

function byName(rrsets: readonly ApiRRset[]): ReadonlyMap<DomainName, readonly ApiRRset[]> {
  const found = new Map<DomainName, ApiRRset[]>();
  for (const rrset of rrsets) {
    const name = fromApiName(rrset.Name);
    if (name !== null) found.set(name, [...(found.get(name) ?? []), rrset]);
  }
  return found;
}

function one(key: RRsetKey, atName: readonly ApiRRset[]): RRset | null {
  const alias = atName.find(({ Type }) => Type === 'CNAME');
  if (alias !== undefined) throw aliasFound(key.name, aliasTarget(alias));
  const [rrset, ...more] = atName.filter(({ Type }) => Type === key.type);
  if (rrset === undefined) return null;
  if (more.length > 0 || rrset.SetIdentifier !== undefined || rrset.AliasTarget !== undefined)
    throw routed(key);
  const parsed = fromApi(key, rrset);
  if (parsed !== undefined) return parsed;
  throw brokenAnswer({ vendor: 'Route 53', to: `show ${keyText(key)}`, write: false }, 'unreadable records');
}

/** Null when it takes more pages. */
async function wholeZone(link: Link, zone: Zone, mostPages: number, ctx: Ctx): Promise<ApiRRset[] | null> {
  const found: ApiRRset[] = [];
  let start: RecordStart | null = {};
  for (let pages = 0; start !== null; pages += 1) {
    if (pages === mostPages) return null;
    const page: Page = await pageFrom(link, zone, start, ctx);
    found.push(...page.rrsets);
    start = page.next;
  }
  return found;
}

/** One after the other: an account may send five requests in a second. */
async function namesOneByOne(
  link: Link,
  zone: Zone,
  names: readonly DomainName[],
  ctx: Ctx,
): Promise<ApiRRset[]> {
  const found: ApiRRset[] = [];
  for (const name of names) {
    let start: RecordStart | null = { StartRecordName: toApiName(name) };
    while (start !== null) {
      const page: Page = await pageFrom(link, zone, start, ctx);
      found.push(...page.rrsets.filter(({ Name }) => fromApiName(Name) === name));
      const goesOn = fromApiName(page.next?.StartRecordName ?? '') === name;
      start = goesOn ? page.next : null;
    }
  }
  return found;
}

interface Page {
  readonly rrsets: readonly ApiRRset[];
  readonly next: RecordStart | null;
}

/** The API sorts by labels from right to left, dots and escapes among the octets: its own next name is what we go by. */
async function pageFrom(link: Link, { id, name }: Zone, start: RecordStart, { signal }: Ctx): Promise<Page> {
  const page = await link.call(
    {
      to: `show records of ${name}`,
      write: false,
      answer: rrsetPage,
      send: (client, options) =>
        client.listResourceRecordSets({ HostedZoneId: id, MaxItems: RRSETS_PER_PAGE, ...start }, options),
    },
    signal,
  );
  return {
    rrsets: page.ResourceRecordSets,
    next: page.IsTruncated
      ? {
          ...(page.NextRecordName === undefined ? {} : { StartRecordName: page.NextRecordName }),
          ...(page.NextRecordType === undefined ? {} : { StartRecordType: page.NextRecordType }),
          ...(page.NextRecordIdentifier === undefined
            ? {}
            : { StartRecordIdentifier: page.NextRecordIdentifier }),
        }
      : null,
  };
}

function aliasTarget({ ResourceRecords, AliasTarget }: ApiRRset): string {
  return AliasTarget?.DNSName ?? ResourceRecords.map(({ Value }) => Value).join(', ');
}

function routed(key: RRsetKey): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_UNSUPPORTED',
    `${keyText(key)} has a routing policy or is an alias record of Route 53, and such a record is never touched`,
    { hint: 'replace it with a record of simple routing, or delete it' },
  );
}
