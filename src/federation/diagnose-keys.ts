import { serverVersion } from './server-version.ts';
import { type Finding, finding } from './finding.ts';
import type { HttpResponse } from './https-outcome.ts';
import { momentText } from './moment.ts';
import type { ServerSight, TargetSight } from './sight.ts';

/** What is wrong with the answers of the homeserver at one address. */
export function diagnoseKeys(
  response: HttpResponse,
  target: TargetSight,
  { discovery, serverName: { text: serverName }, seenAt }: ServerSight,
  place: string,
): Finding[] {
  if (response.status !== 200) return [statusFinding(response, target, discovery, place)];
  const { keys } = target;
  if (keys === null) return [];
  const url = '/_matrix/key/v2/server';
  if (keys.kind === 'not-json')
    return [
      finding(
        'KEYS_NOT_JSON',
        `${url} serves no JSON object, so it is no homeserver that answers.`,
        `let the proxy pass /_matrix to the homeserver for "Host: ${discovery.hostHeader}"`,
        [`${place}: ${response.body.slice(0, 60).replace(/\s+/g, ' ')}`],
      ),
    ];
  const findings: Finding[] = [];
  const found = (
    code: Parameters<typeof finding>[0],
    message: string,
    fix: string,
    evidence: string,
  ): void => {
    findings.push(finding(code, message, fix, [`${place}: ${evidence}`]));
  };
  const type = response.headers['content-type'] ?? 'none';
  if (!/^application\/json\b/i.test(type))
    found(
      'KEYS_CONTENT_TYPE',
      `${url} has the content type ${type}, where the specification wants application/json.`,
      'let the proxy pass the header of the homeserver on',
      type,
    );
  // As it is written: server names are compared octet by octet.
  if (keys.serverName !== serverName)
    found(
      'KEYS_WRONG_NAME',
      `The homeserver that answers calls itself ${keys.serverName ?? 'nothing'}, and not ${serverName}.`,
      `lead ${serverName} to its own homeserver; if this is it, its server_name was set differently, and cannot be changed any more`,
      `server_name ${keys.serverName ?? 'is missing'}`,
    );
  if (keys.validUntil === null || keys.validUntil.getTime() <= seenAt.getTime())
    found(
      'KEYS_EXPIRED',
      `The signing keys ${keys.validUntil === null ? 'have no valid_until_ts' : `are valid until ${momentText(keys.validUntil)} only`}, so peers reject what they sign.`,
      'compare the clock of the homeserver with the right time, and see that no cache stands before /_matrix/key',
      `valid_until_ts ${keys.validUntil === null ? 'is missing' : momentText(keys.validUntil)}`,
    );
  if (!keys.ed25519.some(({ wellFormed }) => wellFormed))
    found(
      'KEYS_NO_ED25519',
      'The homeserver publishes no signing key that peers can use: no ed25519 key of 32 octets is among verify_keys.',
      'look at the signing key file of the homeserver (signing_key_path of Synapse)',
      keys.ed25519.map(({ id, key }) => `${id} ${key}`).join(', ') || 'verify_keys is empty',
    );
  for (const { id } of keys.ed25519.filter(({ signed, wellFormed }) => wellFormed && !signed))
    found(
      'KEYS_SIGNATURE',
      `The answer is not signed by its key ${id}, so peers reject it.`,
      'see that nothing between the homeserver and the world changes its answers',
      `no good signature of ${keys.serverName ?? 'the server'} by ${id}`,
    );
  return [...findings, ...versionFindings(target, place), ...decodedFindings(target, place)];
}

function statusFinding(
  { status, headers }: HttpResponse,
  { endpoint: { srv } }: TargetSight,
  { hostHeader, sni }: ServerSight['discovery'],
  place: string,
): Finding {
  const fix =
    status >= 500
      ? 'is the homeserver up, and is the address right that the proxy passes /_matrix to?'
      : `give the proxy a route for "Host: ${hostHeader}" (SNI ${sni ?? 'none'}) that passes /_matrix to the homeserver, without a redirect${srv === null ? '' : '; peers ask for that name, and not for the SRV target'}`;
  const location = headers['location'] === undefined ? '' : `, to ${headers['location']}`;
  return finding(
    'KEYS_STATUS',
    `/_matrix/key/v2/server, asked as ${hostHeader}, answers with status ${status}${location}, so no peer can verify this server.`,
    fix,
    [`${place}: status ${status}, server ${headers['server'] ?? 'not named'}`],
  );
}

function versionFindings({ versionAnswer }: TargetSight, place: string): Finding[] {
  if (versionAnswer.kind === 'response' && versionAnswer.response.status === 200) return [];
  const seen =
    versionAnswer.kind === 'response' ? `status ${versionAnswer.response.status}` : versionAnswer.message;
  return [
    finding(
      'VERSION_STATUS',
      '/_matrix/federation/v1/version does not answer, although the keys do.',
      'let the proxy pass /_matrix/federation to the homeserver, and see that its federation listener is on',
      [`${place}: ${seen}`],
    ),
  ];
}

/**
 * Peers sign the path as they write it, `%21` for `!` and so on. A proxy that decodes it breaks those signatures while
 * every look without one is fine (Synapse's `docs/reverse_proxy.md` warns of it).
 */
function decodedFindings({ versionAnswer, encodedAnswer }: TargetSight, place: string): Finding[] {
  if (serverVersion(versionAnswer) === null || serverVersion(encodedAnswer) === null) return [];
  return [
    finding(
      'PATH_DECODED',
      'Something before the homeserver decodes the paths of requests, so signed requests of peers fail where a path has a "%" in it.',
      'let the proxy pass paths on as they are: in nginx no path and no slash after the port in proxy_pass, in Apache nocanon',
      [`${place}: /_matrix/federation/v1/%76ersion is answered as if it were /version`],
    ),
  ];
}
