import { relativeToRoot } from '../dns/domain-name.ts';
import { answerText } from './diagnose-srv.ts';
import { type Finding, finding } from './finding.ts';
import type { AuthoritySight, ServerSight } from './sight.ts';

/** Do all of the name servers say the same, and say anything? */
export function diagnoseAuthorities({ authorities }: ServerSight): Finding[] {
  return [...disagreements(authorities), ...lameServers(authorities)];
}

function disagreements(authorities: readonly AuthoritySight[]): Finding[] {
  const names = [...new Set(authorities.map(({ name }) => name))];
  return names.flatMap((name) => {
    const definite = authorities.filter((each) => each.name === name && each.answer.kind !== 'unknown');
    if (new Set(definite.map(({ answer }) => answerText(answer))).size < 2) return [];
    return [
      finding(
        'SRV_SERVERS_DISAGREE',
        `The authoritative servers disagree on ${relativeToRoot(name)}, so it is chance what a peer gets.`,
        'are the secondaries notified, and do all of the NS records still belong to the zone? Right after a change, wait and look again',
        definite.map(({ server, answer }) => `${server}: ${answerText(answer)}`),
      ),
    ];
  });
}

function lameServers(authorities: readonly AuthoritySight[]): Finding[] {
  const lame = authorities.filter((each) => each.lame);
  return [...new Set(lame.map(({ server }) => server))].map((server) =>
    finding(
      'NAME_SERVER_LAME',
      `The name server ${server} stands in the NS records, and does not answer for the zone.`,
      'remove it from the NS records, at the registrar too, or let it serve the zone',
      lame
        .filter((each) => each.server === server)
        .map(({ name, answer }) => `${relativeToRoot(name)}: ${answerText(answer)}`),
    ),
  );
}
