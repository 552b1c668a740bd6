/** What any federation peer sees of a server. Looks at everything at once, and within 15 seconds. */
import { lookAtClient } from './check-client.ts';
import { fetchWellKnown, wellKnownAnswer } from './check-well-known.ts';
import { type NameLooker, type Pin, createNameLooker } from './check-names.ts';
import { lookAtAuthorities } from './check-authorities.ts';
import { withDeadline } from './check-deadline.ts';
import { type DomainName, relativeToRoot, under } from './dns/domain-name.ts';
import type { HttpsOutcome } from './federation/https-outcome.ts';
import { parseServerKeys } from './federation/server-keys.ts';
import type {
  InstalledCertificate,
  ServerSight,
  SrvSight,
  TargetSight,
  WellKnownFetch,
} from './federation/sight.ts';
import { misspeltSrvNames } from './matrix/misspelt-srv.ts';
import {
  type AddressAnswer,
  type Answers,
  type Discovery,
  type FederationEndpoint,
  type Question,
  type SrvAnswer,
  type WellKnownAnswer,
  discover,
} from './matrix/discovery.ts';
import type { ServerName } from './matrix/server-name.ts';
import { mapConcurrent } from './pool.ts';
import type { Ctx, HttpsLooker, Ports } from './ports.ts';

export type CheckPorts = Pick<Ports, 'dns' | 'resolvers' | 'dice' | 'clock'> & {
  readonly https: HttpsLooker;
};

export interface CheckOptions {
  readonly pins: readonly Pin[];
  /** The names were given for this run, by a resolver or a table of its own: addresses of this machine are meant. */
  readonly lab: boolean;
  /** What every address should serve, where that is known. */
  readonly installed?: InstalledCertificate | null;
  /** Why no well-known file is asked for, half a sentence: peers go on so where it cannot be had. */
  readonly withoutWellKnown?: string;
  readonly deadlines?: Partial<Deadlines>;
}

/** Milliseconds. */
export interface Deadlines {
  /** For everything about one server. */
  readonly all: number;
  /** For the well-known file from one address, redirects included. */
  readonly wellKnown: number;
  /** For one request to a homeserver. */
  readonly probe: number;
}

const DEADLINES: Deadlines = { all: 14_500, wellKnown: 4_000, probe: 5_000 };
const PROBES_AT_ONCE = 16;
const MAX_BODY = 65_536;
const RANDOM_LABEL = 12;

type Looks = CheckPorts &
  Pick<CheckOptions, 'withoutWellKnown'> & { readonly names: NameLooker; readonly deadlines: Deadlines };

export function lookAtServer(
  serverName: ServerName,
  options: CheckOptions,
  ports: CheckPorts,
  ctx: Ctx,
): Promise<ServerSight> {
  return withLooks(options, ports, ctx, async (looks, inner) => {
    const [found, client] = await Promise.all([
      discoverServer(serverName, looks, inner).then(async (discovered) => ({
        ...discovered,
        ...(await lookAround(serverName, discovered.discovery, looks, inner)),
      })),
      serverName.host.kind === 'ip'
        ? null
        : lookAtClient(serverName.host.name, looks.deadlines.wellKnown, looks, inner),
    ]);
    return { ...surroundings(serverName, options, looks), client, ...found };
  });
}

/** Where peers are led and what answers there, and nothing else: neither clients nor the DNS around the records. */
export function lookAtRoute(
  serverName: ServerName,
  options: CheckOptions,
  ports: CheckPorts,
  ctx: Ctx,
): Promise<ServerSight> {
  return withLooks(options, ports, ctx, async (looks, inner) => {
    const discovered = await discoverServer(serverName, looks, inner);
    const targets = await lookAtTargets(discovered.discovery, looks, inner);
    const nothingElse = { client: null, srv: [], wildcards: new Map(), authorities: [] };
    return { ...surroundings(serverName, options, looks), ...nothingElse, ...discovered, targets };
  });
}

function withLooks(
  { pins, deadlines, withoutWellKnown }: CheckOptions,
  ports: CheckPorts,
  ctx: Ctx,
  look: (looks: Looks, inner: Ctx) => Promise<ServerSight>,
): Promise<ServerSight> {
  const limits = { ...DEADLINES, ...deadlines };
  return withDeadline(limits.all, ports, ctx, (bounded, inner) => {
    const names = createNameLooker(pins, { dns: bounded.dns, resolvers: ports.resolvers }, inner);
    const route = withoutWellKnown === undefined ? {} : { withoutWellKnown };
    return look({ ...ports, ...bounded, ...route, names, deadlines: limits }, inner);
  });
}

function surroundings(
  serverName: ServerName,
  { lab, installed = null }: CheckOptions,
  { clock, names }: Looks,
): Pick<ServerSight, 'serverName' | 'seenAt' | 'lab' | 'deaf' | 'installed'> {
  return { serverName, seenAt: clock.now(), lab, installed, deaf: names.isDeaf() };
}

/** What depends on where peers are led: DNS around the records, and every address. */
async function lookAround(
  serverName: ServerName,
  discovery: Discovery,
  looks: Looks,
  ctx: Ctx,
): Promise<Pick<ServerSight, 'srv' | 'wildcards' | 'authorities' | 'targets'>> {
  const hosts = srvHosts(serverName, discovery);
  const [srv, wildcards, authorities, targets] = await Promise.all([
    lookAtSrv(hosts, looks),
    lookAtWildcards(hosts, looks),
    Promise.all(hosts.map((host) => lookAtAuthorities(host, looks, ctx))),
    lookAtTargets(discovery, looks, ctx),
  ]);
  return { srv, wildcards, authorities: authorities.flat(), targets };
}

function lookAtTargets(discovery: Discovery, looks: Looks, ctx: Ctx): Promise<TargetSight[]> {
  return mapConcurrent(discovery.endpoints, PROBES_AT_ONCE, (endpoint) =>
    lookAtTarget(endpoint, discovery, looks, ctx),
  );
}

async function discoverServer(
  serverName: ServerName,
  looks: Looks,
  ctx: Ctx,
): Promise<Pick<ServerSight, 'discovery' | 'wellKnown' | 'aliases'>> {
  const srv = new Map<DomainName, SrvAnswer>();
  const addresses = new Map<DomainName, AddressAnswer>();
  let wellKnown: readonly WellKnownFetch[] = [];
  const { withoutWellKnown: why } = looks;
  let answer: WellKnownAnswer | undefined = why === undefined ? why : { kind: 'none', why };
  const find = async (question: Question): Promise<void> => {
    if (question.kind === 'srv') srv.set(question.name, (await looks.names.srv(question.name)).answer);
    else if (question.kind === 'addresses')
      addresses.set(question.host, await looks.names.addresses(question.host, question.ports));
    else {
      wellKnown = await fetchWellKnown(question.host, looks.deadlines.wellKnown, looks, ctx);
      answer = wellKnownAnswer(wellKnown);
    }
  };
  for (;;) {
    const answers: Answers = { srv, addresses, ...(answer === undefined ? {} : { wellKnown: answer }) };
    const progress = discover(serverName, answers, () => looks.dice.uniform());
    if (progress.kind === 'found')
      return { discovery: progress.discovery, wellKnown, aliases: aliasesIn(addresses) };
    await Promise.all(progress.questions.map(find));
  }
}

function aliasesIn(answers: ReadonlyMap<DomainName, AddressAnswer>): ServerSight['aliases'] {
  return new Map(
    [...answers].flatMap(([host, answer]) =>
      answer.kind === 'addresses' && answer.aliases !== undefined ? [[host, answer.aliases] as const] : [],
    ),
  );
}

/** The hosts under which SRV records may stand: the server name, and where well-known delegates to. */
function srvHosts(serverName: ServerName, { delegatedTo }: Discovery): DomainName[] {
  const hosts = [serverName, delegatedTo].flatMap((each) =>
    each?.host.kind === 'name' ? [each.host.name] : [],
  );
  return [...new Set(hosts)];
}

async function lookAtSrv(hosts: readonly DomainName[], { names }: Looks): Promise<SrvSight[]> {
  const wanted = hosts.flatMap((host) => [
    { host, name: under('_matrix-fed._tcp', host), service: 'matrix-fed' as const },
    { host, name: under('_matrix._tcp', host), service: 'matrix' as const },
    ...misspeltSrvNames(host).map((name) => ({ host, name, service: null })),
  ]);
  return Promise.all(wanted.map(async (each) => ({ ...each, ...(await names.srv(each.name)) })));
}

/** A name that nobody published shows what a wildcard answers in the place of a record (RFC 4592). */
async function lookAtWildcards(
  hosts: readonly DomainName[],
  { names, dice }: Looks,
): Promise<Map<DomainName, SrvAnswer>> {
  const answers = hosts.map(async (host) => {
    const { answer } = await names.srv(under(`_${dice.token(RANDOM_LABEL)}._tcp`, host));
    return [host, answer] as const;
  });
  return new Map(await Promise.all(answers));
}

async function lookAtTarget(
  endpoint: FederationEndpoint,
  { certName, hostHeader, sni }: Discovery,
  { names, https, deadlines }: Looks,
  ctx: Ctx,
): Promise<TargetSight> {
  const host = endpoint.host.kind === 'name' ? relativeToRoot(endpoint.host.name) : endpoint.host.address;
  const get = (path: string): Promise<HttpsOutcome> =>
    https.get(
      {
        endpoint: names.dial(host, endpoint.address, endpoint.port),
        sni,
        certName: certName.kind === 'name' ? relativeToRoot(certName.name) : certName.address,
        host: hostHeader,
        path,
        maxBody: MAX_BODY,
        deadlineMs: deadlines.probe,
      },
      ctx,
    );
  const [keyAnswer, versionAnswer, encodedAnswer] = await Promise.all([
    get('/_matrix/key/v2/server'),
    get('/_matrix/federation/v1/version'),
    get('/_matrix/federation/v1/%76ersion'),
  ]);
  const answered = keyAnswer.kind === 'response' && keyAnswer.response.status === 200;
  const keys = answered ? parseServerKeys(keyAnswer.response.body) : null;
  return { endpoint, keyAnswer, keys, versionAnswer, encodedAnswer };
}
