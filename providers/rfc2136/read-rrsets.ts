import { wireDomainName } from '../../src/dns/domain-name.ts';
import { keyText, presentation } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Ctx, DomainName, RRset, RRsetKey, Zone } from '../../src/provider.ts';
import type { Client, Reply } from './client.ts';
import { type WireKey, answersToRRset, wireKey } from './convert.ts';
import { RCODE, queryFailure } from './errors.ts';
import { few } from './few.ts';
import { soaOwner } from './find-zone.ts';
import { rrsetExists } from './update.ts';
import { TYPE } from './wire.ts';

/**
 * Queries in flight at once. Few keys are asked one after the other: servers answer on TCP without TCP_NODELAY (BIND
 * 9.18, Knot 3.2, PowerDNS 4.7; verified 2026-11), so that the second of two answers waits for our kernel's delayed
 * acknowledgement of the first, 40 ms, where the next question would have carried it at once.
 */
const PIPELINE = 16;
const ONE_BY_ONE = 4;

/** Names of 255 octets fit that often into one message of 64 KiB, with room for the signature. */
const NAMES_AT_ONCE = 200;

/** A name server's answer to one key, before it is known whether a wildcard made it. */
type Seen =
  | { readonly kind: 'absent' }
  | { readonly kind: 'rrset'; readonly rrset: RRset }
  | { readonly kind: 'alias'; readonly target: DomainName };

interface Answer {
  readonly key: RRsetKey;
  readonly seen: Seen;
}

export interface Reader {
  read(zone: Zone, keys: readonly RRsetKey[], ctx: Ctx): Promise<readonly (RRset | null)[]>;
}

/**
 * An answer that a wildcard made looks like any other, although nothing stands at the name and a record may well be
 * created there. An UPDATE that only asks (prerequisites, no changes) looks at the name itself (RFC 2136 §3.2), so
 * every answer that says "here" is confirmed that way, once for as long as it stays the same.
 * @returns a reader that remembers what is confirmed
 */
export function createReader(client: Client): Reader {
  const confirmed = new Map<string, string>();

  /** One message for many keys, and not for any number: a hoster has thousands of sites in one zone. */
  async function standAll(zone: Zone, keys: readonly WireKey[], ctx: Ctx): Promise<boolean[]> {
    const real: boolean[] = [];
    for (let at = 0; at < keys.length; at += NAMES_AT_ONCE)
      real.push(...(await stand(zone, keys.slice(at, at + NAMES_AT_ONCE), ctx)));
    return real;
  }

  /** For each key, whether something stands at the name itself. One message when all do. */
  async function stand(zone: Zone, keys: readonly WireKey[], ctx: Ctx): Promise<boolean[]> {
    const update = { zone: zone.name, prerequisites: keys.map(rrsetExists), updates: [] };
    try {
      const names = few([...new Set(keys.map((key) => key.name))]);
      await client.update(update, `look at ${names}`, ctx.signal);
      return keys.map(() => true);
    } catch (error) {
      if (!(error instanceof DelegatedError)) throw error;
      // Who may not ask so has to take the answers as they came: too much is seen then, never too little.
      if (error.code === 'E_PROVIDER_FORBIDDEN' || error.code === 'E_PROVIDER_AUTH')
        return keys.map(() => true);
      if (error.code !== 'E_PROVIDER_CONFLICT') throw error;
      if (keys.length === 1) return [false];
      return inBatches(keys, async (key) => (await stand(zone, [key], ctx))[0] ?? false);
    }
  }

  async function withoutWildcards(zone: Zone, answers: readonly Answer[], ctx: Ctx): Promise<Answer[]> {
    const doubtful = answers.filter(({ key, seen }) => {
      const text = seenText(seen);
      return text !== null && confirmed.get(keyText(key)) !== text;
    });
    if (doubtful.length === 0) return [...answers];
    const real = await standAll(zone, doubtful.map(standing), ctx);
    const made = new Set(doubtful.filter((_, index) => real[index] !== true));
    for (const answer of doubtful) {
      const text = seenText(answer.seen);
      if (text !== null && !made.has(answer)) confirmed.set(keyText(answer.key), text);
    }
    return answers.map((answer) =>
      made.has(answer) ? { key: answer.key, seen: { kind: 'absent' } } : answer,
    );
  }

  return {
    async read(zone, keys, ctx) {
      const answers = await inBatches(keys, async (key) => {
        const reply = await client.query(key.name, key.type, ctx.signal);
        return { key, seen: interpret(client, zone, key, reply) };
      });
      return (await withoutWildcards(zone, answers, ctx)).map(({ key, seen }) => {
        if (seen.kind === 'absent') return null;
        if (seen.kind === 'rrset') return seen.rrset;
        throw new DelegatedError('E_RECORD_CNAME', `${key.name} is a CNAME to ${seen.target}`, {
          hint: `remove the CNAME, or have the ${key.type} record published at ${seen.target}`,
        });
      });
    },
  };
}

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const size = items.length <= ONE_BY_ONE ? 1 : PIPELINE;
  const results: R[] = [];
  for (let at = 0; at < items.length; at += size)
    results.push(...(await Promise.all(items.slice(at, at + size).map(work))));
  return results;
}

function seenText(seen: Seen): string | null {
  if (seen.kind === 'absent') return null;
  return seen.kind === 'rrset' ? presentation(seen.rrset).join('\n') : `CNAME ${seen.target}`;
}

function standing({ key, seen }: Answer): WireKey {
  return seen.kind === 'alias' ? { name: key.name, type: TYPE.CNAME } : wireKey(key);
}

function interpret(client: Client, zone: Zone, key: RRsetKey, reply: Reply): Seen {
  const answers = reply.packet.answers ?? [];
  const proves = reply.rcode === RCODE.NOERROR || reply.rcode === RCODE.NXDOMAIN;
  if (!proves || !reply.authoritative)
    throw queryFailure(proves ? RCODE.NOERROR : reply.rcode, client.asked(`read ${keyText(key)}`));
  const rrset = answersToRRset(key, answers);
  if (rrset !== null) return { kind: 'rrset', rrset };
  for (const answer of answers)
    if (answer.type === 'CNAME' && wireDomainName(answer.name) === key.name)
      return { kind: 'alias', target: wireDomainName(answer.data) };
  const apex = soaOwner(reply, key.name);
  if (apex !== zone.name)
    throw new DelegatedError(
      'E_ZONE_NOT_FOUND',
      apex === null
        ? `the name server says nothing of ${keyText(key)}, not even that there is none`
        : `${key.name} lies in the zone ${apex}, not in ${zone.name}`,
      { hint: apex === null ? 'see the log of the name server' : `use the zone ${apex}` },
    );
  return { kind: 'absent' };
}
