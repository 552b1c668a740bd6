import { type DomainName, relativeToRoot, under } from '../dns/domain-name.ts';
import { type SrvData, isNullTarget } from '../dns/rrset.ts';
import type { SrvService } from './delegation.ts';
import type { ServerName } from './server-name.ts';
import { orderSrv } from './srv-order.ts';

export type Host = ServerName['host'];

/** The step of server-server API § "Resolving server names" (v1.19) that decides; 3.4 and 5 are deprecated. */
export type Branch = '1' | '2' | '3.1' | '3.2' | '3.3' | '3.4' | '3.5' | '4' | '5' | '6';

export type WellKnownAnswer =
  { readonly kind: 'delegates'; readonly to: ServerName } | { readonly kind: 'none'; readonly why: string };

export type SrvAnswer =
  | { readonly kind: 'records'; readonly records: readonly SrvData[] }
  /** NXDOMAIN, or NOERROR without SRV records. */
  | { readonly kind: 'none' }
  | UnknownAnswer;

/** SERVFAIL, REFUSED, silence. */
type UnknownAnswer = { readonly kind: 'unknown' } & Unknown;

interface Unknown {
  /** Half a sentence. */
  readonly why: string;
  /** A resolver knows the answer and refuses it, since its DNSSEC signatures do not hold. */
  readonly bogus?: true;
}

export type AddressAnswer =
  | {
      readonly kind: 'addresses';
      readonly addresses: readonly string[];
      /** The name is a CNAME: to the first of these, that one to the next. */
      readonly aliases?: readonly DomainName[];
    }
  | { readonly kind: 'none' }
  | UnknownAnswer;

export type Question =
  | { readonly kind: 'well-known'; readonly host: DomainName }
  | { readonly kind: 'srv'; readonly name: DomainName }
  | { readonly kind: 'addresses'; readonly host: DomainName; readonly ports: readonly number[] };

/** What is known so far. What is missing is asked for, and only that. */
export interface Answers {
  readonly wellKnown?: WellKnownAnswer;
  readonly srv: ReadonlyMap<DomainName, SrvAnswer>;
  readonly addresses: ReadonlyMap<DomainName, AddressAnswer>;
}

export interface FederationEndpoint {
  /** IP literal, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** Whose address it is. */
  readonly host: Host;
  /** The record that led here. */
  readonly srv: SrvData | null;
}

/** Why a peer comes to no address, or not every peer does. */
export type DiscoveryTrouble =
  /** Synapse gives up here (`srv_resolver.py`, 2026-07); others go on as if there were no record. */
  | ({ readonly kind: 'srv-unknown'; readonly name: DomainName } & Unknown)
  /** The only target is `.`: decidedly not available (RFC 2782). */
  | { readonly kind: 'srv-unavailable'; readonly name: DomainName }
  | { readonly kind: 'no-address'; readonly host: DomainName; readonly srv: boolean }
  | ({ readonly kind: 'address-unknown'; readonly host: DomainName } & Unknown);

export interface Discovery {
  readonly branch: Branch;
  /** In the order in which a peer tries them. */
  readonly endpoints: readonly FederationEndpoint[];
  readonly hostHeader: string;
  /** Null for an IP literal: then none is sent (RFC 6066 §3). */
  readonly sni: string | null;
  /** What the certificate must be for. Never the SRV target: DNS is not trusted to say who may speak for whom. */
  readonly certName: Host;
  readonly delegatedTo: ServerName | null;
  readonly trouble: readonly DiscoveryTrouble[];
  /** Each step as one would explain it to a colleague. */
  readonly steps: readonly string[];
}

export type Progress =
  | { readonly kind: 'ask'; readonly questions: readonly Question[] }
  | { readonly kind: 'found'; readonly discovery: Discovery };

/** Where neither a name nor a record says another one. */
export const DEFAULT_PORT = 8448;

/** Where a peer connects: one IP, one host, or what SRV records say. */
type Route = { readonly branch: Branch; readonly steps: readonly string[] } & (
  | { readonly kind: 'ip'; readonly address: string; readonly port: number }
  | { readonly kind: 'host'; readonly host: DomainName; readonly port: number }
  | { readonly kind: 'srv'; readonly name: DomainName; readonly records: readonly SrvData[] }
);

type Routed =
  { readonly ask: Question } | { readonly route: Route; readonly trouble: readonly DiscoveryTrouble[] };

/**
 * One server name resolved as a federation peer does it, over the answers that are given. Call it with no answers,
 * find what it asks for, call it again with that added, until it has found.
 * @param draw uniform in [0, 1), for the weights of SRV
 */
export function discover(serverName: ServerName, answers: Answers, draw: () => number): Progress {
  const routed = routeOf(serverName, answers);
  if ('ask' in routed) return { kind: 'ask', questions: [routed.ask] };
  const { route } = routed;
  const missing = hostsOf(route).filter((host) => !answers.addresses.has(host));
  if (missing.length > 0)
    return {
      kind: 'ask',
      questions: missing.map((host) => ({ kind: 'addresses', host, ports: portsOf(route, host) })),
    };

  const to = answers.wellKnown?.kind === 'delegates' ? answers.wellKnown.to : null;
  const speaksFor = to ?? serverName;
  const endpoints = endpointsOf(route, answers, draw);
  return {
    kind: 'found',
    discovery: {
      branch: route.branch,
      endpoints,
      hostHeader: speaksFor.text,
      sni: speaksFor.host.kind === 'name' ? relativeToRoot(speaksFor.host.name) : null,
      certName: speaksFor.host,
      delegatedTo: to,
      trouble: [...routed.trouble, ...troubleOf(route, answers)],
      steps: [...route.steps, ...addressSteps(route, answers), lastStep(speaksFor)],
    },
  };
}

function routeOf(serverName: ServerName, answers: Answers): Routed {
  const { host, port, text } = serverName;
  if (host.kind === 'ip') {
    const said = `${text} is an IP address, so peers connect to it without asking DNS or well-known.`;
    return found({
      branch: '1',
      kind: 'ip',
      address: host.address,
      port: port ?? DEFAULT_PORT,
      steps: [said],
    });
  }
  if (port !== null) {
    const said = `${text} names a port, so peers connect to port ${port} of ${relativeToRoot(host.name)}; neither well-known nor SRV is looked at.`;
    return found({ branch: '2', kind: 'host', host: host.name, port, steps: [said] });
  }
  const { wellKnown } = answers;
  if (wellKnown === undefined) return { ask: { kind: 'well-known', host: host.name } };
  const url = `https://${relativeToRoot(host.name)}/.well-known/matrix/server`;
  return wellKnown.kind === 'none'
    ? bySrv(host.name, ['4', '5', '6'], [`${url} delegates nothing: ${wellKnown.why}.`], answers)
    : delegated(wellKnown.to, [`${url} delegates to ${wellKnown.to.text}.`], answers);
}

function delegated({ host, port, text }: ServerName, steps: readonly string[], answers: Answers): Routed {
  if (host.kind === 'ip') {
    const said = `${text} is an IP address, so peers connect to it.`;
    const to = { address: host.address, port: port ?? DEFAULT_PORT };
    return found({ branch: '3.1', kind: 'ip', ...to, steps: [...steps, said] });
  }
  if (port === null) return bySrv(host.name, ['3.3', '3.4', '3.5'], steps, answers);
  const said = `It names a port, so peers connect to port ${port} of ${relativeToRoot(host.name)}; SRV is not looked at.`;
  return found({ branch: '3.2', kind: 'host', host: host.name, port, steps: [...steps, said] });
}

type ThreeBranches = readonly [fed: Branch, legacy: Branch, none: Branch];

function bySrv(
  host: DomainName,
  branches: ThreeBranches,
  before: readonly string[],
  answers: Answers,
): Routed {
  const steps = [...before];
  const trouble: DiscoveryTrouble[] = [];
  const services: readonly (readonly [SrvService, Branch])[] = [
    ['matrix-fed', branches[0]],
    ['matrix', branches[1]],
  ];
  for (const [service, branch] of services) {
    const name = under(`_${service}._tcp`, host);
    const answer = answers.srv.get(name);
    const deprecated = service === 'matrix' ? ' (deprecated, and still read)' : '';
    if (answer === undefined) return { ask: { kind: 'srv', name } };
    if (answer.kind === 'records') {
      const said = `The SRV record ${relativeToRoot(name)}${deprecated} points to ${targetsText(answer.records)}.`;
      return found({ branch, kind: 'srv', name, records: answer.records, steps: [...steps, said] }, trouble);
    }
    if (answer.kind === 'unknown') {
      trouble.push({ ...answer, kind: 'srv-unknown', name });
      steps.push(
        `Whether there is an SRV record ${relativeToRoot(name)} is unknown (${answer.why}): Synapse gives up here, others go on as if there were none.`,
      );
    } else steps.push(`There is no SRV record ${relativeToRoot(name)}${deprecated}.`);
  }
  const said = `So peers connect to port ${DEFAULT_PORT} of ${relativeToRoot(host)} itself.`;
  const route: Route = {
    branch: branches[2],
    kind: 'host',
    host,
    port: DEFAULT_PORT,
    steps: [...steps, said],
  };
  return found(route, trouble);
}

function found(route: Route, trouble: readonly DiscoveryTrouble[] = []): Routed {
  return { route, trouble };
}

function hostsOf(route: Route): DomainName[] {
  if (route.kind === 'ip') return [];
  if (route.kind === 'host') return [route.host];
  return [...new Set(route.records.filter((data) => !isNullTarget(data)).map(({ target }) => target))];
}

function portsOf(route: Route, host: DomainName): number[] {
  if (route.kind !== 'srv') return [route.port];
  return route.records.flatMap(({ target, port }) => (target === host ? [port] : []));
}

function endpointsOf(route: Route, answers: Answers, draw: () => number): FederationEndpoint[] {
  if (route.kind === 'ip') {
    const { address, port } = route;
    return [{ address, port, host: { kind: 'ip', address }, srv: null }];
  }
  const at = (name: DomainName, port: number, srv: SrvData | null): FederationEndpoint[] => {
    const answer = answers.addresses.get(name);
    if (answer?.kind !== 'addresses') return [];
    return answer.addresses.map((address) => ({ address, port, host: { kind: 'name', name }, srv }));
  };
  if (route.kind === 'host') return at(route.host, route.port, null);
  return orderSrv(
    route.records.filter((data) => !isNullTarget(data)),
    draw,
  ).flatMap((srv) => at(srv.target, srv.port, srv));
}

function troubleOf(route: Route, answers: Answers): DiscoveryTrouble[] {
  if (route.kind === 'srv' && route.records.every(isNullTarget))
    return [{ kind: 'srv-unavailable', name: route.name }];
  return hostsOf(route).flatMap((host): DiscoveryTrouble[] => {
    const answer = answers.addresses.get(host);
    if (answer?.kind === 'none') return [{ kind: 'no-address', host, srv: route.kind === 'srv' }];
    return answer?.kind === 'unknown' ? [{ ...answer, kind: 'address-unknown', host }] : [];
  });
}

function addressSteps(route: Route, answers: Answers): string[] {
  return hostsOf(route).map((host) => {
    const name = relativeToRoot(host);
    const answer = answers.addresses.get(host);
    if (answer?.kind === 'unknown') return `The addresses of ${name} cannot be found out: ${answer.why}.`;
    if (answer?.kind !== 'addresses') return `${name} has no address.`;
    const { aliases = [] } = answer;
    const alias =
      aliases.length === 0 ? '' : `is an alias of ${aliases.map(relativeToRoot).join(', that of ')} and `;
    return `${name} ${alias}has the ${answer.addresses.length === 1 ? 'address' : 'addresses'} ${answer.addresses.join(', ')}.`;
  });
}

function lastStep({ host, text }: ServerName): string {
  return host.kind === 'ip'
    ? `They name no host in the TLS handshake (SNI), send "Host: ${text}", and want a certificate for the IP address ${host.address}.`
    : `They name ${relativeToRoot(host.name)} in the TLS handshake (SNI), send "Host: ${text}", and want a certificate for ${relativeToRoot(host.name)}.`;
}

function targetsText(records: readonly SrvData[]): string {
  return records
    .map(({ target, port }) =>
      target === '.' ? '"." (not available)' : `${relativeToRoot(target)} port ${port}`,
    )
    .join(' and ');
}
