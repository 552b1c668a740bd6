import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import { type SrvData, srvText } from '../dns/rrset.ts';
import { DEFAULT_PORT, type SrvAnswer } from '../matrix/discovery.ts';
import type { ServerName } from '../matrix/server-name.ts';
import { type Finding, finding, merged } from './finding.ts';
import type { ServerSight, SrvSight } from './sight.ts';

export function diagnoseSrv(sight: ServerSight): Finding[] {
  return [
    ...unreadFindings(sight),
    ...aliasFindings(sight),
    ...twinFindings(sight),
    ...misspeltFindings(sight),
    ...wildcardFindings(sight),
    ...severalFindings(sight),
  ];
}

/** The host whose SRV records decide; null where none are read. */
function srvHost({ discovery, serverName }: ServerSight): DomainName | null {
  const { branch, delegatedTo } = discovery;
  if (['1', '2', '3.1', '3.2'].includes(branch)) return null;
  const { host } = delegatedTo ?? serverName;
  return host.kind === 'name' ? host.name : null;
}

/** Records that are there, and that no peer reads. */
function unreadFindings(sight: ServerSight): Finding[] {
  const { discovery, serverName } = sight;
  const { delegatedTo } = discovery;
  const read = srvHost(sight);
  return sight.srv.flatMap((look): Finding[] => {
    if (look.service === null || look.answer.kind !== 'records' || look.host === read) return [];
    if (isWild(look, sight)) return [];
    const name = relativeToRoot(look.name);
    const evidence = [recordLine(look)];
    if (delegatedTo === null)
      return [
        finding(
          'SRV_OFF_BY_NAME',
          `${name} is never read, because the server name ${serverName.text} has a port.`,
          'remove the record; a server name with a port is not delegated at all',
          evidence,
        ),
      ];
    if (leadsThere(look.answer.records, delegatedTo)) return [];
    if (delegatedTo.host.kind === 'name' && delegatedTo.host.name === look.host)
      return [
        finding(
          'SRV_OFF_BY_PORT',
          `${name} is not read, because the well-known file says ${delegatedTo.text}, and a port there switches SRV off.`,
          `take the port out of m.server ("${relativeToRoot(look.host)}") if SRV is to decide, else remove the record`,
          evidence,
        ),
      ];
    return [
      finding(
        'SRV_SHADOWED',
        `${name} is not read while the well-known file delegates to ${delegatedTo.text}.`,
        'remove the well-known file if SRV is to decide; else remove the record, or let it lead to the same place as the safety net of well-known',
        evidence,
      ),
    ];
  });
}

/** The safety net: when well-known is down, SRV leads to the same host and port. */
function leadsThere(records: readonly SrvData[], { host, port }: Pick<ServerName, 'host' | 'port'>): boolean {
  return (
    host.kind === 'name' &&
    records.every((data) => data.target === host.name && data.port === (port ?? DEFAULT_PORT))
  );
}

function aliasFindings({ discovery, aliases }: ServerSight): Finding[] {
  const targets = new Set(discovery.endpoints.flatMap(({ srv }) => (srv === null ? [] : [srv.target])));
  return [...targets].flatMap((target) => {
    const way = aliases.get(target) ?? [];
    const end = way.at(-1);
    if (end === undefined) return [];
    return [
      finding(
        'SRV_TARGET_CNAME',
        `The SRV target ${relativeToRoot(target)} is an alias (CNAME), which RFC 2782 forbids: Synapse copes, not everything else does, and federation testers call it an error.`,
        `let the SRV record point to ${relativeToRoot(end)} itself, or give ${relativeToRoot(target)} addresses of its own`,
        way.map((alias, index) => `${way[index - 1] ?? target} CNAME ${alias}`),
      ),
    ];
  });
}

function twinFindings(sight: ServerSight): Finding[] {
  const host = srvHost(sight);
  const at = (service: string): SrvSight | undefined =>
    sight.srv.find((look) => look.host === host && look.service === service);
  const [fed, legacy] = [at('matrix-fed'), at('matrix')];
  if (legacy?.answer.kind !== 'records' || isWild(legacy, sight)) return [];
  if (fed?.answer.kind === 'none')
    return [
      finding(
        'SRV_LEGACY_ONLY',
        `Only the deprecated ${relativeToRoot(legacy.name)} is there; peers may stop reading it.`,
        `publish the same record at ${relativeToRoot(fed.name)}`,
        [recordLine(legacy)],
      ),
    ];
  if (fed?.answer.kind !== 'records' || answerText(fed.answer) === answerText(legacy.answer)) return [];
  return [
    finding(
      'SRV_TWINS_DIFFER',
      `${relativeToRoot(fed.name)} and ${relativeToRoot(legacy.name)} differ, so old and new peers go to different places.`,
      'give both the same data, or remove the deprecated one',
      [recordLine(fed), recordLine(legacy)],
    ),
  ];
}

function misspeltFindings(sight: ServerSight): Finding[] {
  return sight.srv.flatMap((look) => {
    if (look.service !== null || look.answer.kind !== 'records' || isWild(look, sight)) return [];
    return [
      finding(
        'SRV_MISSPELT',
        `An SRV record stands at ${relativeToRoot(look.name)}, a name that no peer asks for.`,
        isPublished(look.host, sight)
          ? `remove it; the record at _matrix-fed._tcp.${relativeToRoot(look.host)} is there already`
          : `publish it at _matrix-fed._tcp.${relativeToRoot(look.host)} and remove this one`,
        [recordLine(look)],
      ),
    ];
  });
}

function isPublished(host: DomainName, sight: ServerSight): boolean {
  return sight.srv.some(
    (look) =>
      look.host === host &&
      look.service === 'matrix-fed' &&
      look.answer.kind === 'records' &&
      !isWild(look, sight),
  );
}

function wildcardFindings(sight: ServerSight): Finding[] {
  return sight.srv.flatMap((look) => {
    if (!isRead(look, sight) || look.answer.kind !== 'records' || !isWild(look, sight)) return [];
    return [
      finding(
        'SRV_WILDCARD',
        `${relativeToRoot(look.name)} answers only because a wildcard does, with what may be meant for something else.`,
        `publish a record of its own at ${relativeToRoot(look.name)}, or narrow the wildcard`,
        [recordLine(look)],
      ),
    ];
  });
}

function severalFindings({ discovery }: ServerSight): Finding[] {
  const targets = new Set(
    discovery.endpoints.flatMap(({ srv }) => (srv === null ? [] : [`${srv.target} ${srv.port}`])),
  );
  if (targets.size < 2) return [];
  return merged([
    finding(
      'SRV_SEVERAL_TARGETS',
      'There are several SRV targets; some peers use only one of them, so each must serve the same certificate and homeserver.',
      'nothing, as long as each target works on its own',
      [...targets],
    ),
  ]);
}

/** A peer asks for the deprecated name only where the other one has no record. */
export function isRead({ host, service }: SrvSight, sight: ServerSight): boolean {
  if (host !== srvHost(sight)) return false;
  const fed = sight.srv.find((look) => look.host === host && look.service === 'matrix-fed');
  return service === 'matrix-fed' || (service === 'matrix' && fed?.answer.kind !== 'records');
}

/** A random name beside it says the same, so nobody published this one (RFC 4592). */
export function isWild(look: SrvSight, { wildcards }: ServerSight): boolean {
  const wild = wildcards.get(look.host);
  return wild?.kind === 'records' && answerText(wild) === answerText(look.answer);
}

export function recordLine({ name, answer }: SrvSight): string {
  return `${name} SRV ${answerText(answer)}`;
}

export function answerText(answer: SrvAnswer): string {
  if (answer.kind === 'records') return answer.records.map(srvText).sort().join(', ');
  return answer.kind === 'none' ? 'no record' : answer.why;
}
