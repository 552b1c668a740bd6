/**
 * A recursive resolver over farms that remembers: answers for their TTL, and that there is nothing for the lesser of the
 * SOA's TTL and its MINIMUM (RFC 2308 §5), an absent name for every type. Whoever asks it too early poisons it.
 */
import { type Answer, RECURSION_DESIRED } from 'dns-packet';
import type { StubHandler, StubQuestion, StubReply } from '../support/dns-stub.ts';
import { type Farm, type FarmServer, within } from './dns-farm.ts';

export interface CachingResolver {
  readonly handler: StubHandler;
  readonly asked: StubQuestion[];
  /** Does it tell that the name has no such records, without asking anybody? */
  poisoned(name: string, type: string): boolean;
}

export interface CachingResolverOptions {
  readonly farms: readonly Farm[];
  /** Records outside of the farms, such as the addresses of their servers. */
  readonly records?: readonly Answer[];
  /** Milliseconds. */
  readonly now: () => number;
  /** Which server of a zone it asks first; default: the one that it has not asked for longest. */
  readonly first?: (servers: readonly FarmServer[], turn: number) => number;
}

interface Remembered {
  readonly until: number;
  readonly reply: StubReply;
}

const RECURSION_AVAILABLE = 0x0080;
const SERVFAIL = 2;
const REFUSED = 5;
const NXDOMAIN = 3;
const MOST_CNAMES = 10;
const ANY_TYPE = '*';

export function createCachingResolver(options: CachingResolverOptions): CachingResolver {
  const { farms, now, first = (servers, turn) => turn % servers.length } = options;
  const cache = new Map<string, Remembered>();
  const asked: StubQuestion[] = [];
  let turn = 0;

  const remembered = (name: string, type: string): StubReply | null => {
    const fresh = [`${name} ${ANY_TYPE}`, `${name} ${type}`]
      .map((key) => cache.get(key))
      .find((entry) => entry !== undefined && entry.until > now());
    if (fresh === undefined) return null;
    const left = Math.ceil((fresh.until - now()) / 1_000);
    const aged = (records: readonly Answer[] = []): Answer[] =>
      records.map((each) => (each.type === 'OPT' ? each : { ...each, ttl: left }));
    return {
      ...fresh.reply,
      answers: aged(fresh.reply.answers),
      authorities: aged(fresh.reply.authorities),
    };
  };

  const remember = (name: string, type: string, reply: StubReply): void => {
    const ttls = (reply.answers ?? []).map((each) => (each.type === 'OPT' ? 0 : (each.ttl ?? 0)));
    const soa = reply.authorities?.find((each) => each.type === 'SOA');
    const negative = soa?.type === 'SOA' ? Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0) : 0;
    const seconds = ttls.length > 0 ? Math.min(...ttls) : negative;
    const key = ((reply.flags ?? 0) & 0xf) === NXDOMAIN ? ANY_TYPE : type;
    cache.set(`${name} ${key}`, { until: now() + seconds * 1_000, reply });
  };

  const ask = (question: StubQuestion, name: string): StubReply | null => {
    const fixed = (options.records ?? []).filter((each) => each.name === name);
    if (fixed.length > 0) return { answers: fixed.filter(({ type }) => type === question.type) };
    const farm = farms
      .filter(({ apex }) => within(name, apex))
      .sort((a, b) => b.apex.length - a.apex.length)[0];
    if (farm === undefined) return null;
    const start = first(farm.servers, (turn += 1));
    for (const index of farm.servers.keys()) {
      const server = farm.servers[(start + index) % farm.servers.length];
      if (server === undefined) continue;
      for (const transport of ['udp', 'tcp'] as const) {
        const reply = farm.handler(server)({ ...question, name, transport, flags: 0 });
        if (reply === null || reply === 'close' || 'at' in reply) break;
        const flags = reply.flags ?? AUTHORITATIVE;
        if ((flags & TRUNCATED) !== 0) continue;
        const definite = (flags & 0xf) === 0 || (flags & 0xf) === NXDOMAIN;
        if (definite && (flags & AUTHORITATIVE) !== 0 && reply.questions === undefined) return reply;
        break;
      }
    }
    return null;
  };

  const resolve = (question: StubQuestion): StubReply => {
    const chain: Answer[] = [];
    let name = question.name.toLowerCase();
    for (let hops = 0; hops < MOST_CNAMES; hops += 1) {
      const known = remembered(name, question.type);
      const reply = known ?? ask(question, name);
      if (reply === null) return { flags: SERVFAIL };
      if (known === null) remember(name, question.type, reply);
      chain.push(...(reply.answers ?? []));
      const alias = reply.answers?.find(({ type }) => type === 'CNAME');
      if (alias?.type !== 'CNAME' || question.type === 'CNAME')
        return { ...reply, answers: chain, flags: ((reply.flags ?? 0) & 0xf) | RECURSION_AVAILABLE };
      name = alias.data;
    }
    return { flags: SERVFAIL };
  };

  return {
    asked,
    handler: (question) => {
      asked.push(question);
      // As unbound does by default: without RD it tells nobody what it remembers.
      return (question.flags & RECURSION_DESIRED) === 0 ? { flags: REFUSED } : resolve(question);
    },
    poisoned: (name, type) => {
      const known = remembered(name, type);
      return known !== null && (known.answers ?? []).length === 0;
    },
  };
}

const AUTHORITATIVE = 0x0400;
const TRUNCATED = 0x0200;
