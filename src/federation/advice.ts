import { type DomainName, relativeToRoot, under } from '../dns/domain-name.ts';
import { type SrvData, isNullTarget } from '../dns/rrset.ts';
import type { SrvAnswer } from '../matrix/discovery.ts';
import { checkReport, isGood } from './check-report.ts';
import { isWild } from './diagnose-srv.ts';
import { diagnoseWellKnown } from './diagnose-well-known.ts';
import { hostText } from './diagnose-tls.ts';
import type { ServerSight } from './sight.ts';

/** Whether SRV records are the right thing for a server, for somebody who never read the specification. */
export interface Advice {
  /**
   * `right`: peers need them. `take-over`: they stand, and should be kept. `better-without`: something simpler is there
   * or is at hand. `unread`: peers would not look at them. `unknown`: too little could be seen to say.
   */
  readonly verdict: 'right' | 'take-over' | 'better-without' | 'unread' | 'unknown';
  /** Paragraphs in plain words. */
  readonly text: readonly string[];
  /** Where a well-known file without a port points: records and certificate are for that name. */
  readonly delegatedTo: DomainName | null;
  /** Names of which the certificate has to be as well, for what works today to go on working. */
  readonly names: readonly DomainName[];
  /** Records that stand today, to be taken over as they are. */
  readonly records: readonly SrvData[];
  /** The host that answers today without any record. */
  readonly worksAt: DomainName | null;
  /** A record stands where ours goes, and is not ours. */
  readonly foreign: boolean;
  /** The deprecated name has records of its own. */
  readonly legacy: boolean;
}

export function advise(sight: ServerSight): Advice {
  const { serverName, discovery } = sight;
  const { branch, delegatedTo } = discovery;
  const doubt = doubtOf(sight);
  if (doubt !== null) return plain('unknown', [doubt, ASK_AGAIN]);
  if (branch === '1' || branch === '2')
    return plain('unread', [
      `${serverName.text} is an address or has a port in it, so other servers connect there and ask for nothing else.`,
    ]);
  if (branch === '3.1' || branch === '3.2') return wonByFile(sight);

  const host = delegatedTo?.host ?? serverName.host;
  const name = host.kind === 'name' ? host.name : null;
  const at = delegatedTo === null || name === null ? null : name;
  const found = name === null ? null : recordsAt(name, sight);
  const before = at === null ? brokenFile(sight) : [pointedTo(serverName.text, relativeToRoot(at))];
  const certificate = `The certificate has to be for ${hostText(discovery.certName)}, whatever the host is called that a record points to.`;
  if (found !== null)
    return {
      ...plain('take-over', [...before, takenOver(found, sight), certificate]),
      ...found,
      foreign: true,
      delegatedTo: at,
    };
  const odd = oddAnswer(sight);
  if (odd !== null)
    return {
      ...plain('right', [...before, odd.text, certificate]),
      foreign: odd.foreign,
      delegatedTo: at,
    };
  const name443 = hostText(discovery.certName);
  if (works(sight))
    return {
      ...plain('better-without', [
        ...before,
        `The homeserver answers on port 8448 of ${name443} itself, with a certificate that is right. That is where other servers look when there is no SRV record, so you need none.`,
        `An SRV record makes sense when the homeserver is to move to another host or port, or when you want this program to renew the certificate of ${name443}: the record may point to where it is today.`,
      ]),
      worksAt: name,
      delegatedTo: at,
    };
  if (at === null && hasWebServer(sight))
    return plain('better-without', [
      ...before,
      `A web server answers at https://${serverName.text}/ with a certificate that other servers trust. Then a file is simpler than SRV: let https://${serverName.text}/.well-known/matrix/server say`,
      `      {"m.server": "matrix.${serverName.text}:443"}`,
      `with the host and port of your homeserver. Its certificate is then for that host, and needs no DNS. SRV is right where you cannot put a file there, or where federation must not depend on that web server; then the homeserver needs a certificate for ${serverName.text}.`,
    ]);
  return {
    ...plain('right', [
      ...before,
      at === null
        ? `Nothing tells other servers where the homeserver of ${serverName.text} is. A file on a web server at ${serverName.text} could, but there is none that they would believe (${webTrouble(sight)}). An SRV record in DNS does it without a web server.`
        : `No SRV record of ${relativeToRoot(at)} says where the homeserver is, and nothing works on its port 8448. An SRV record is the right thing here.`,
      certificate,
    ]),
    delegatedTo: at,
  };
}

/** What each address shows today, a sentence each. */
export function certificatesSeen(sight: ServerSight): string[] {
  const { certName, targets } = checkReport(sight);
  return targets.map(({ address, port, tls, error, ok }) => {
    if (tls === null)
      return `Port ${port} of ${address} shows no certificate${error === null ? '' : `: ${error}`}.`;
    const names = tls.names.length === 0 ? 'no name at all' : tls.names.join(', ');
    const verdict = !tls.namesMatch
      ? `not for ${certName}, as it has to be`
      : !tls.trusted
        ? 'but other servers do not trust it'
        : `which is right${ok ? '' : ', but no homeserver proves itself behind it'}`;
    return `Port ${port} of ${address} shows a certificate for ${names}, until ${tls.notAfter.slice(0, 10)}: ${verdict}.`;
  });
}

const ASK_AGAIN =
  'So whether SRV is the right choice cannot be said now. `delegated check` shows all of it; repair that first, or go on if you know better.';

/** Port or address in `m.server`: nobody ever asks for SRV. */
function wonByFile(sight: ServerSight): Advice {
  const { serverName, discovery } = sight;
  const url = `https://${serverName.text}/.well-known/matrix/server`;
  const to = discovery.delegatedTo?.text ?? '';
  const name = serverName.host.kind === 'name' ? serverName.host.name : null;
  const found = name === null ? null : recordsAt(name, sight);
  const shadowed = found === null ? null : { ...found, foreign: true };
  if (works(sight)) {
    const host = discovery.delegatedTo?.host;
    const names = host?.kind === 'name' && host.name !== name ? [host.name] : [];
    return {
      ...plain('better-without', [
        `${url} sends other servers to ${to}, and the homeserver answers there with a certificate that is right. It works.`,
        'While that file is there, other servers never ask for an SRV record. You need none, and nothing of this program.',
        `${found === null ? 'An SRV record could stand in' : 'There is an SRV record all the same. It can stand in'} while that web server is down, and for that the homeserver needs a certificate for ${[serverName.text, ...names.map(relativeToRoot)].join(' and for ')}. Go on if that is what you want.`,
      ]),
      ...shadowed,
      names,
    };
  }
  return {
    ...plain('unread', [
      `${url} sends other servers to ${to}, and no homeserver proves itself there (\`delegated check ${serverName.text}\` says why).`,
      `While that file is there, other servers never ask for an SRV record, so ${found === null ? 'one would not help' : 'the one that you have does not help'}. Repair what stands at ${to}; or take the file away, or the port out of it, and then come back for SRV.`,
    ]),
    ...shadowed,
  };
}

function pointedTo(serverName: string, host: string): string {
  return `https://${serverName}/.well-known/matrix/server sends other servers to ${host} without a port, so they look for an SRV record of ${host}. Records and certificate are for ${host}, and not for ${serverName}.`;
}

/** A file that is there, and that nobody can use, is worth a word before anything else. */
function brokenFile(sight: ServerSight): string[] {
  return diagnoseWellKnown(sight)
    .filter(({ code }) => code !== 'WELL_KNOWN_MISSING' && code !== 'WELL_KNOWN_SLOW')
    .map(({ message, fix }) => `${message} To repair it: ${fix}.`);
}

/** What could not be seen, and without which nothing can be said; a silent server is never "nothing there". */
function doubtOf({ deaf, discovery, wellKnown }: ServerSight): string | null {
  if (deaf) return 'No resolver answers this machine, so nothing is known of DNS.';
  for (const trouble of discovery.trouble) {
    if (trouble.kind === 'srv-unknown')
      return `Whether there is an SRV record ${relativeToRoot(trouble.name)} cannot be found out (${trouble.why}). Many servers do not federate with you while that is so.`;
    if (trouble.kind === 'address-unknown')
      return `The addresses of ${relativeToRoot(trouble.host)} cannot be found out (${trouble.why}).`;
  }
  const away = wellKnown.every(
    ({ end }) =>
      end.kind === 'failed' && end.outcome.kind === 'no-connection' && end.outcome.why === 'no-route',
  );
  return wellKnown.length > 0 && away
    ? 'This machine has no way to the web server of the name, so whether it serves a well-known file is unknown.'
    : null;
}

function recordsAt(name: DomainName, sight: ServerSight): Pick<Advice, 'records' | 'legacy'> | null {
  const records = (service: string): readonly SrvData[] => {
    const look = sight.srv.find((each) => each.name === under(service, name));
    return look === undefined || isWild(look, sight) ? [] : recordsOf(look.answer);
  };
  const [fed, legacy] = [records('_matrix-fed._tcp'), records('_matrix._tcp')];
  const kept = fed.length > 0 ? fed : legacy;
  return kept.length > 0 ? { records: kept, legacy: legacy.length > 0 } : null;
}

/** Peers are sent somewhere, and not by records that anybody would keep. */
function oddAnswer({ discovery }: ServerSight): { readonly text: string; readonly foreign: boolean } | null {
  const { trouble, branch } = discovery;
  const unavailable = trouble.find((each) => each.kind === 'srv-unavailable');
  if (unavailable !== undefined)
    return {
      text: `The SRV record ${relativeToRoot(unavailable.name)} says ".", which tells everybody that there is no homeserver. It has to say another host; since this program did not make it, it asks for \`delegated adopt\` once.`,
      foreign: true,
    };
  if (!['3.3', '3.4', '4', '5'].includes(branch)) return null;
  return {
    text: 'Nobody made an SRV record for this, but a wildcard of the zone answers in its place, so other servers follow that. A record of its own is the right thing here.',
    foreign: false,
  };
}

function recordsOf(answer: SrvAnswer): readonly SrvData[] {
  return answer.kind === 'records' ? answer.records.filter((data) => !isNullTarget(data)) : [];
}

function takenOver({ records, legacy }: Pick<Advice, 'records' | 'legacy'>, sight: ServerSight): string {
  const where = records.map(({ target, port }) => `${relativeToRoot(target)} port ${port}`).join(' and ');
  const state = works(sight)
    ? 'and the homeserver answers there with a certificate that is right'
    : 'but no homeserver proves itself there yet';
  const twin = legacy ? ' The deprecated record _matrix._tcp is kept as well.' : '';
  return `There is an SRV record already: it sends other servers to ${where}, ${state}. This program can take it over as it is; since it did not make it, it asks for \`delegated adopt\` once.${twin}`;
}

function works(sight: ServerSight): boolean {
  return sight.targets.some((target) => isGood(target, sight));
}

/** Something on port 443 spoke HTTP with a certificate that peers trust, whatever it said. */
function hasWebServer({ wellKnown }: ServerSight): boolean {
  return wellKnown.some(({ end }) => ['answer', 'status', 'redirect', 'too-large'].includes(end.kind));
}

function webTrouble({ wellKnown }: ServerSight): string {
  const end = wellKnown[0]?.end;
  if (end?.kind === 'untrusted') return `the certificate of ${end.host} on port 443 is not to be trusted`;
  if (end?.kind === 'failed' && 'message' in end.outcome) return end.outcome.message;
  if (end?.kind === 'no-address')
    return end.why.startsWith('which ')
      ? `${end.host} ${end.why.slice('which '.length)}`
      : `${end.host}, ${end.why}`;
  return 'none answers';
}

function plain(verdict: Advice['verdict'], text: readonly string[]): Advice {
  return {
    verdict,
    text,
    delegatedTo: null,
    names: [],
    records: [],
    worksAt: null,
    foreign: false,
    legacy: false,
  };
}
