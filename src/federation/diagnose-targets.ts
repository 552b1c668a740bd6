import { addressKind } from '../matrix/address-kind.ts';
import { DEFAULT_PORT } from '../matrix/discovery.ts';
import { isBlockedByCloudflare } from './cloudflare.ts';
import { diagnoseKeys } from './diagnose-keys.ts';
import { diagnoseTls, hostText } from './diagnose-tls.ts';
import { type Finding, finding, merged } from './finding.ts';
import type { HttpsOutcome } from './https-outcome.ts';
import type { ServerSight, TargetSight } from './sight.ts';

/** What is wrong with the addresses, and with what answers there. */
export function diagnoseTargets(sight: ServerSight): Finding[] {
  return merged([
    ...sight.targets.flatMap((target) => addressFindings(target, sight.lab)),
    ...connectionFindings(sight),
    ...sight.targets.flatMap((target) => answerFindings(target, sight)),
  ]);
}

export function placeText({ endpoint }: Pick<TargetSight, 'endpoint'>): string {
  return `${endpoint.address} port ${endpoint.port}`;
}

function addressFindings(target: TargetSight, lab: boolean): Finding[] {
  const { endpoint } = target;
  const kind = addressKind(endpoint.address);
  // Whoever names the resolver or the addresses for one run means a network of their own, as far as it answers.
  const meant = lab && (kind === 'loopback' || target.keyAnswer.kind === 'response');
  if (kind === 'public' || meant) return [];
  const host = hostText(endpoint.host);
  return [
    finding(
      'PRIVATE_ADDRESS',
      `${host} has the address ${endpoint.address}, which cannot be reached from the internet.`,
      `publish the public address of ${host}; if its name differs inside and outside of your network, ask a public resolver with --resolver`,
      [placeText(target)],
    ),
  ];
}

type Unreached = Extract<HttpsOutcome, { kind: 'no-connection' }>;

function connectionFindings({ targets }: ServerSight): Finding[] {
  const unreached = targets.flatMap((target) =>
    target.keyAnswer.kind === 'no-connection' ? [{ target, outcome: target.keyAnswer }] : [],
  );
  const untried = unreached.filter(({ outcome }) => outcome.why === 'no-route');
  const dead = unreached.filter(({ outcome }) => outcome.why !== 'no-route');
  const someAnswer = unreached.length < targets.length;
  return [
    ...untried.map(({ target, outcome }) =>
      someAnswer || dead.length > 0
        ? finding(
            'ADDRESS_NOT_TRIED',
            `This machine has no way to ${target.endpoint.address.includes(':') ? 'IPv6' : 'IPv4'} addresses, so what peers see there is unknown.`,
            'run the check on a machine that has both address families',
            [`${placeText(target)}: ${outcome.message}`],
          )
        : finding(
            'NOTHING_TRIED',
            'This machine has no way to any of the addresses, so what peers see is unknown.',
            'run the check on a machine that is on the internet, with the address families of the server',
            [`${placeText(target)}: ${outcome.message}`],
          ),
    ),
    ...dead.map(({ target, outcome }) => {
      if (isBlockedByCloudflare(target.endpoint.address, target.endpoint.port))
        return cloudflareFinding(target, outcome);
      return someAnswer ? downFinding(target, outcome) : deadFinding(target, outcome);
    }),
  ];
}

function cloudflareFinding(target: TargetSight, { message }: Unreached): Finding {
  const host = hostText(target.endpoint.host);
  return finding(
    'CLOUDFLARE_PORT',
    `${host} is behind Cloudflare's proxy, which does not pass port ${target.endpoint.port}.`,
    `switch the proxy off for ${host} ("DNS only"), or delegate to port 443 or 8443`,
    [`${placeText(target)}: ${message}`],
  );
}

/** Peers try the other addresses as well, most of them, and after a wait. */
function downFinding(target: TargetSight, outcome: Unreached): Finding {
  const family = target.endpoint.address.includes(':') ? 'AAAA' : 'A';
  return finding(
    'ADDRESS_DOWN',
    `${target.endpoint.address} port ${target.endpoint.port} of ${hostText(target.endpoint.host)} does not answer, while other addresses do.`,
    `let the homeserver listen there too, or remove the ${family} record`,
    [`${placeText(target)}: ${outcome.message}`],
  );
}

function deadFinding(target: TargetSight, { why, message }: Unreached): Finding {
  const host = hostText(target.endpoint.host);
  const { port } = target.endpoint;
  const evidence = [`${placeText(target)}: ${message}`];
  if (why === 'refused')
    return finding(
      'CONNECTION_REFUSED',
      `Nothing listens on port ${port} of ${host}.`,
      portFix(target) ?? `start the homeserver or the proxy, and let it listen on port ${port}`,
      evidence,
    );
  return finding(
    'CONNECTION_TIMEOUT',
    `Port ${port} of ${host} does not answer.`,
    portFix(target) ?? `open port ${port} for TCP in every firewall on the way`,
    evidence,
  );
}

/** The most frequent reason: 8448 was nobody's intention. */
function portFix({ endpoint }: TargetSight): string | null {
  if (endpoint.srv !== null || endpoint.port !== DEFAULT_PORT) return null;
  return 'let the homeserver listen on port 8448, which is used where neither well-known nor SRV names a port; if it is on 443, say so: "m.server": "HOST:443", or an SRV record';
}

function answerFindings(target: TargetSight, sight: ServerSight): Finding[] {
  const { keyAnswer } = target;
  const { discovery } = sight;
  const place = placeText(target);
  if (keyAnswer.kind === 'no-connection') return [];
  if (keyAnswer.kind === 'no-handshake')
    return [handshakeFinding(target, keyAnswer, hostText(discovery.certName))];
  const tls = diagnoseTls(keyAnswer.tls, target, sight, place);
  if (keyAnswer.kind === 'response')
    return [...tls, ...diagnoseKeys(keyAnswer.response, target, sight, place)];
  return [
    ...tls,
    finding(
      'HTTP_FAILED',
      `${place} completes the TLS handshake and then gives no whole HTTP answer.`,
      `look at the log of the proxy and of the homeserver for that moment; a proxy needs a route for "Host: ${discovery.hostHeader}"`,
      [`${place}: ${keyAnswer.message}`],
    ),
  ];
}

function handshakeFinding(
  target: TargetSight,
  { why, message }: Extract<HttpsOutcome, { kind: 'no-handshake' }>,
  name: string,
): Finding {
  const place = placeText(target);
  const evidence = [`${place}: ${message}`];
  const { port } = target.endpoint;
  switch (why) {
    case 'not-tls':
      return finding(
        'NOT_TLS',
        `Port ${port} does not speak TLS.`,
        `set "tls: true" for the listener on port ${port}, or let the proxy do TLS there`,
        evidence,
      );
    case 'too-old':
      return finding(
        'TLS_TOO_OLD',
        `Port ${port} does not speak TLS 1.2 or later, which peers demand.`,
        'allow TLS 1.2 and 1.3 in the homeserver or the proxy',
        evidence,
      );
    case 'name-refused':
      return finding(
        'TLS_NAME_REFUSED',
        `What listens on port ${port} does not know the name ${name}.`,
        `give the proxy a certificate and a route for ${name}: peers ask for that name, and not for the SRV target's`,
        evidence,
      );
    case 'timeout':
    case 'other':
      break;
  }
  return finding(
    'TLS_FAILED',
    `Port ${port} takes the connection and completes no TLS handshake.`,
    `look at the log of what listens on port ${port}: is there a certificate for ${name}, and does its key match?`,
    evidence,
  );
}
