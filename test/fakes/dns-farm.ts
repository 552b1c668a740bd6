/**
 * Several name servers of one zone, none of which has to agree with the others: each can lag behind, fail, be lame or
 * lie in ways that RFC 1034 and RFC 2308 leave room for. What they say goes through the codec in `test/support/dns-stub.ts`,
 * on real sockets (`startFarm`) or straight into our own decoder (`farmClient` in `dns-farm-client.ts`).
 */
import { type Answer, AUTHORITATIVE_ANSWER } from 'dns-packet';
import type { StubHandler, StubQuestion, StubReply } from '../support/dns-stub.ts';

/** What a server does with a question, besides lagging. */
export type Conduct =
  | 'answers'
  | 'SERVFAIL'
  | 'REFUSED'
  | 'silent'
  /** Nothing over UDP but TC; the whole over TCP (RFC 7766). */
  | 'truncates'
  | 'truncates, TCP closed'
  /** Lame: it points at the root, as if to say "ask somebody else" (RFC 1912 §2.8). */
  | 'refers upward'
  /** Lame: empty, and without AA. */
  | 'no authority'
  /** Lame: whatever is asked is there, from a cache of its own, without AA. */
  | 'answers from a cache'
  | 'echoes another question';

export interface FarmServer {
  /** Without the dot. */
  readonly name: string;
  /** Of documentation, unless a test binds it. */
  readonly address: string;
  conduct: Conduct;
  /** Milliseconds after which it serves what was published; `Infinity`: it never catches up. */
  lagMs: number;
  readonly asked: StubQuestion[];
}

export interface FarmOptions {
  /** Without the dot. */
  readonly apex: string;
  readonly servers: readonly (Partial<FarmServer> & Pick<FarmServer, 'name' | 'address'>)[];
  readonly records?: readonly Answer[];
  /** Seconds: SOA MINIMUM. */
  readonly negativeTtl?: number;
  /** Milliseconds; lags are counted in them. */
  readonly now: () => number;
}

export interface Farm {
  readonly apex: string;
  readonly servers: readonly FarmServer[];
  /** A new version of the zone, which each server serves when its lag is over. */
  publish(records: readonly Answer[]): void;
  /** The moment of the last `publish`, in milliseconds. */
  publishedAt(): number;
  /** What is published, whoever serves it. */
  records(): readonly Answer[];
  /** What the server says. */
  handler(server: FarmServer): StubHandler;
  /** Does it serve the TXT value at this moment? */
  serves(server: FarmServer, name: string, value: string): boolean;
}

interface Version {
  readonly at: number;
  readonly records: readonly Answer[];
}

const RCODE = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };
const NOT_AUTHORITATIVE = 0;
const TRUNCATED = 0x0200;
const CUT_SHORT: StubReply = { flags: AUTHORITATIVE_ANSWER | TRUNCATED };
const DEFAULT_NEGATIVE_TTL = 900;

export function createFarm(options: FarmOptions): Farm {
  const { apex, now, negativeTtl = DEFAULT_NEGATIVE_TTL } = options;
  const versions: Version[] = [{ at: 0, records: options.records ?? [] }];
  const servers = options.servers.map((server): FarmServer => ({
    conduct: 'answers',
    lagMs: 0,
    asked: [],
    ...server,
  }));

  /** The newest version that this server has heard of. The first one has everybody. */
  const seenBy = (server: FarmServer): readonly Answer[] =>
    versions.findLast(({ at }, index) => index === 0 || at + server.lagMs <= now())?.records ?? [];
  const withApex = (records: readonly Answer[]): Answer[] => [
    ...records,
    soaOf(apex, negativeTtl),
    ...servers.map(({ name }): Answer => ({ type: 'NS', name: apex, ttl: 3600, data: name })),
  ];

  return {
    apex,
    servers,
    publish(records) {
      versions.push({ at: now(), records: [...records] });
    },
    publishedAt: () => versions.at(-1)?.at ?? 0,
    records: () => versions.at(-1)?.records ?? [],
    serves: (server, name, value) =>
      seenBy(server).some((each) => each.type === 'TXT' && each.name === name && String(each.data) === value),
    handler: (server) => (question) => {
      server.asked.push(question);
      return MANNERS[server.conduct](question, zoneAnswer(question, apex, withApex(seenBy(server))));
    },
  };
}

type Manner = (question: StubQuestion, truth: StubReply) => StubReply | 'close' | null;

const MANNERS: Readonly<Record<Conduct, Manner>> = {
  answers: (_, truth) => truth,
  SERVFAIL: () => ({ flags: RCODE.SERVFAIL }),
  REFUSED: () => ({ flags: RCODE.REFUSED }),
  silent: () => null,
  truncates: ({ transport }, truth) => (transport === 'udp' ? CUT_SHORT : truth),
  'truncates, TCP closed': ({ transport }) => (transport === 'udp' ? CUT_SHORT : 'close'),
  'refers upward': () => ({
    flags: NOT_AUTHORITATIVE,
    authorities: [{ type: 'NS', name: '.', ttl: 518_400, data: 'a.root-servers.net' }],
  }),
  'no authority': () => ({ flags: NOT_AUTHORITATIVE }),
  'answers from a cache': (_, truth) => ({
    ...truth,
    flags: (truth.flags ?? AUTHORITATIVE_ANSWER) & ~AUTHORITATIVE_ANSWER,
  }),
  'echoes another question': ({ type, name }, truth) => ({
    ...truth,
    questions: [{ type, name: `not.${name}`, class: 'IN' }],
  }),
};

/** RFC 1034 §4.3.2, with RFC 4592 (wildcards), RFC 6672 (DNAME) and RFC 2308 (the SOA of what is not there). */
export function zoneAnswer(question: StubQuestion, apex: string, records: readonly Answer[]): StubReply {
  const name = question.name.toLowerCase();
  const cut = records.find(
    (each) => each.type === 'NS' && each.name !== apex && within(name, each.name) && within(each.name, apex),
  );
  if (cut !== undefined)
    return {
      flags: NOT_AUTHORITATIVE,
      authorities: records.filter((each) => each.type === 'NS' && each.name === cut.name),
    };
  const dname = records.find(
    (each) => each.type === 'DNAME' && name !== each.name && within(name, each.name),
  );
  if (dname?.type === 'DNAME') {
    const data = name.slice(0, -dname.name.length) + dname.data;
    return { answers: [dname, { type: 'CNAME', name, ttl: dname.ttl ?? 0, data }] };
  }
  const own = records.filter((each) => each.name === name);
  const below = records.some((each) => within(each.name, name));
  const found = own.length > 0 || below ? own : synthesized(name, apex, records);
  const answers = found.filter(({ type }) => type === question.type || type === 'CNAME');
  if (answers.length > 0) return { answers };
  const flags = AUTHORITATIVE_ANSWER | (found.length > 0 || below ? 0 : RCODE.NXDOMAIN);
  return { flags, authorities: records.filter((each) => each.type === 'SOA' && each.name === apex) };
}

/** The wildcard of the closest encloser, and of no other ancestor (RFC 4592 §3.3.1). */
function synthesized(name: string, apex: string, records: readonly Answer[]): Answer[] {
  let encloser = parentOf(name);
  while (encloser !== apex && !records.some((each) => within(each.name, encloser)))
    encloser = parentOf(encloser);
  return records.filter((each) => each.name === `*.${encloser}`).map((each) => ({ ...each, name }));
}

function soaOf(apex: string, minimum: number): Answer {
  return {
    type: 'SOA',
    name: apex,
    ttl: 3600,
    data: { mname: `ns1.${apex}`, rname: `hostmaster.${apex}`, serial: 1, minimum },
  };
}

export function within(name: string, ancestor: string): boolean {
  return name === ancestor || name.endsWith(`.${ancestor}`);
}

function parentOf(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}
