import { relativeToRoot } from '../dns/domain-name.ts';
import { DEFAULT_PORT } from '../matrix/discovery.ts';
import { type Finding, finding, merged } from './finding.ts';
import type { ServerSight, WellKnownEnd, WellKnownFetch } from './sight.ts';

export function diagnoseWellKnown(sight: ServerSight): Finding[] {
  const host = sight.serverName.host.kind === 'name' ? relativeToRoot(sight.serverName.host.name) : '';
  return [
    ...merged(sight.wellKnown.flatMap((fetch) => [...endFindings(fetch, host), ...redirectFindings(fetch)])),
    ...splitFindings(sight.wellKnown),
    ...missingFindings(sight, host),
    ...portFindings(sight),
  ];
}

/** Characters of what a stranger wrote. */
const LONGEST_QUOTE = 100;
const BY_HAND = 'serve exactly {"m.server": "HOST:PORT"} there, or a quick 404 if SRV is to count';

function endFindings(fetch: WellKnownFetch, host: string): Finding[] {
  const url = fetch.urls.at(-1) ?? '';
  const { end } = fetch;
  const evidence = [`${fetch.address}: ${fetch.urls.join(' → ')}`];
  switch (end.kind) {
    case 'answer':
      return bodyFindings(end.body, url, evidence);
    case 'redirect': {
      const message = `The redirects of ${fetch.urls[0] ?? ''} ${REDIRECTS[end.why]}, so peers go on as if there were no file.`;
      const fix = `answer ${fetch.urls[0] ?? ''} directly, or redirect it once to an https URL that serves the file`;
      return [finding('WELL_KNOWN_REDIRECT', message, fix, evidence)];
    }
    case 'status':
      // 404 is the right answer of a host that delegates nothing, and 410 as good.
      if (end.status === 404 || end.status === 410) return [];
      return [
        finding(
          'WELL_KNOWN_STATUS',
          `${url} answers with status ${end.status}, so peers take it for no delegation.`,
          BY_HAND,
          evidence,
        ),
      ];
    case 'too-large':
      return [
        finding(
          'WELL_KNOWN_TOO_LARGE',
          `${url} is larger than 50 KiB, so peers ignore it.`,
          BY_HAND,
          evidence,
        ),
      ];
    case 'untrusted': {
      const why = end.tls.namesMatch
        ? `is not to be trusted (${end.tls.distrust ?? ''})`
        : 'is for another name';
      return [
        finding(
          'WELL_KNOWN_TLS',
          `The certificate on port 443 of ${end.host} ${why}, so peers ignore the well-known file.`,
          `serve a certificate of a public CA for ${end.host} on port 443, or close the port if SRV is to count`,
          [...evidence, `it is for ${end.tls.chain[0]?.names.join(', ') ?? 'nothing'}`],
        ),
      ];
    }
    case 'failed':
      if (fetch.urls.length > 1 && end.outcome.kind !== 'no-handshake')
        return [deadEnd(fetch, new URL(url).host, `which gives no answer (${end.outcome.message})`)];
      return failedFindings(end, url === '' ? host : new URL(url).hostname, [
        `${fetch.address}: ${end.outcome.message}`,
      ]);
    case 'no-address':
      break;
  }
  // Of the server name itself: a domain without a web server. Of a redirect's target: a dead end.
  return fetch.urls.length === 1 ? [] : [deadEnd(fetch, end.host, end.why)];
}

function deadEnd({ address, urls }: WellKnownFetch, host: string, why: string): Finding {
  return finding(
    'WELL_KNOWN_REDIRECT',
    `${urls[0] ?? ''} redirects to ${host}, ${why}.`,
    `repair the redirect, or what is behind it at ${host}`,
    [`${address}: ${urls.join(' → ')}`],
  );
}

const REDIRECTS = {
  loop: 'go in a circle',
  'too-many': 'are more than 20',
  scheme: 'lead to neither HTTPS nor HTTP',
  nowhere: 'do not say where to',
} as const;

function bodyFindings(
  body: Extract<WellKnownEnd, { kind: 'answer' }>['body'],
  url: string,
  evidence: readonly string[],
): Finding[] {
  if (body.kind === 'not-json')
    return [
      finding('WELL_KNOWN_NOT_JSON', `${url} is no JSON object, so peers ignore it.`, BY_HAND, [
        ...evidence,
        body.why,
      ]),
    ];
  if (body.kind === 'no-server')
    return [finding('WELL_KNOWN_NO_SERVER', `${url}: ${body.why}, so peers ignore it.`, BY_HAND, evidence)];
  if (body.kind === 'delegates') return [];
  return [
    finding(
      'WELL_KNOWN_BAD_SERVER',
      `m.server is ${JSON.stringify(body.value.slice(0, LONGEST_QUOTE))}: ${body.why}; Synapse takes it as it is and fails.`,
      'write m.server as HOST or HOST:PORT, such as "matrix.example.org:443"',
      evidence,
    ),
  ];
}

function failedFindings(
  { outcome }: Extract<WellKnownEnd, { kind: 'failed' }>,
  host: string,
  evidence: readonly string[],
): Finding[] {
  const slow =
    (outcome.kind === 'no-response' || outcome.why === 'timeout') && outcome.kind !== 'no-handshake';
  if (slow)
    return [
      finding(
        'WELL_KNOWN_SLOW',
        `Port 443 of ${host} does not answer, so every first contact of a peer waits for its time-out before it looks for SRV.`,
        `let port 443 of ${host} answer 404 at once, or refuse connections instead of dropping them`,
        evidence,
      ),
    ];
  if (outcome.kind !== 'no-handshake') return [];
  return [
    finding(
      'WELL_KNOWN_TLS',
      `Port 443 of ${host} completes no TLS handshake, so peers see no well-known file.`,
      `let port 443 of ${host} speak TLS 1.2 with a certificate for it, or close the port if SRV is to count`,
      evidence,
    ),
  ];
}

function redirectFindings(fetch: WellKnownFetch): Finding[] {
  return [...insecureFindings(fetch), ...permanentFindings(fetch)];
}

function insecureFindings({ address, urls }: WellKnownFetch): Finding[] {
  const plain = urls.find((url) => url.startsWith('http:'));
  if (plain === undefined) return [];
  return [
    finding(
      'WELL_KNOWN_REDIRECT_HTTP',
      `${urls[0] ?? ''} is redirected to plain HTTP; peers follow (and so does this check), and anybody on the way can send them elsewhere.`,
      'let the redirect lead to an https URL, or answer directly',
      [`${address}: ${urls.join(' → ')}`],
    ),
  ];
}

/** Synapse follows 308 since Twisted 26 at the latest; its documents still say that it does not (2026-07). */
function permanentFindings(fetch: WellKnownFetch): Finding[] {
  if (!fetch.statuses.includes(308)) return [];
  return [
    finding(
      'WELL_KNOWN_REDIRECT_308',
      `${fetch.urls[0] ?? ''} is redirected with status 308, which older Synapse servers do not follow.`,
      'redirect with 301, 302 or 307',
      [`${fetch.address}: ${fetch.urls.join(' → ')}`],
    ),
  ];
}

function splitFindings(fetches: readonly WellKnownFetch[]): Finding[] {
  // An address that this machine cannot reach says nothing.
  const heard = fetches.filter(
    ({ end }) =>
      !(end.kind === 'failed' && end.outcome.kind === 'no-connection' && end.outcome.why === 'no-route'),
  );
  const outcomes = heard.map((fetch) => `${fetch.address}: ${outcomeText(fetch.end)}`);
  const delegates = heard.some(({ end }) => end.kind === 'answer' && end.body.kind === 'delegates');
  if (!delegates || new Set(heard.map(({ end }) => outcomeText(end))).size < 2) return [];
  return [
    finding(
      'WELL_KNOWN_SPLIT',
      'The addresses of the server name give different well-known answers, so it is chance what a peer does.',
      'serve the same file on every IPv4 and IPv6 address, or remove the address that does not',
      outcomes,
    ),
  ];
}

function outcomeText(end: WellKnownEnd): string {
  if (end.kind === 'answer')
    return end.body.kind === 'delegates'
      ? `delegates to ${end.body.to.text}`
      : 'a file that delegates nothing';
  if (end.kind === 'status') return `status ${end.status}`;
  return end.kind === 'failed' ? 'no answer' : end.kind;
}

/** Nobody misses a file that is not needed; only a server that is not found otherwise lacks one. */
function missingFindings(sight: ServerSight, host: string): Finding[] {
  const found = sight.targets.some(({ keyAnswer }) => keyAnswer.kind === 'response');
  const unknown = sight.discovery.trouble.some(({ kind }) => kind === 'srv-unknown');
  if (sight.discovery.branch !== '6' || found || unknown) return [];
  return [
    finding(
      'WELL_KNOWN_MISSING',
      `There is neither a well-known file nor an SRV record for ${host}, and on its port 8448 no homeserver answers.`,
      `publish _matrix-fed._tcp.${host} or serve https://${host}/.well-known/matrix/server, whichever you can`,
    ),
  ];
}

/** People mean 443, since that is where their web server is. */
function portFindings({ discovery, targets }: ServerSight): Finding[] {
  const { branch, delegatedTo } = discovery;
  const reached = targets.some(({ keyAnswer }) => keyAnswer.kind !== 'no-connection');
  if (branch !== '3.5' || delegatedTo === null || targets.length === 0 || reached) return [];
  return [
    finding(
      'WELL_KNOWN_NO_PORT',
      `m.server is "${delegatedTo.text}" without a port, which means SRV and then port ${DEFAULT_PORT}, and never port 443.`,
      `write the port that the homeserver is reached at, such as "${delegatedTo.text}:443"`,
      targets.map((target) => `${target.endpoint.address} port ${target.endpoint.port}: no connection`),
    ),
  ];
}
