import { relativeToRoot } from '../dns/domain-name.ts';
import type { Host } from '../matrix/discovery.ts';
import { type Wrong, diagnoseCertName, hostsBehind } from './diagnose-cert-name.ts';
import { type Finding, finding } from './finding.ts';
import type { TlsSight } from './https-outcome.ts';
import { momentText } from './moment.ts';
import type { ServerSight, TargetSight } from './sight.ts';

/**
 * What is wrong with the certificate of one address.
 * @param place `203.0.113.5 port 8448`
 */
export function diagnoseTls(
  tls: TlsSight,
  target: TargetSight,
  { discovery: { certName }, aliases, seenAt: now }: ServerSight,
  place: string,
): Finding[] {
  const [leaf] = tls.chain;
  if (leaf === undefined) return [];
  const name = hostText(certName);
  const evidence = [
    `${place}: for ${leaf.names.join(', ') || 'no name'}, issued by ${leaf.issuer}, ${momentText(leaf.notBefore)} to ${momentText(leaf.notAfter)}`,
  ];
  const wrong: Wrong = (code, message, fix) => [finding(code, message, fix, evidence)];
  const proxy = PROXY_DEFAULTS.find(([subject]) => leaf.subject.includes(subject));
  if (proxy !== undefined)
    return wrong(
      'CERT_PROXY_DEFAULT',
      `${proxy[1]} serves its built-in certificate "${leaf.subject}", because it has none for ${name}.`,
      `give ${proxy[1]} the certificate for ${name}, and a route for that name`,
    );
  return [
    ...(tls.namesMatch ? [] : diagnoseCertName(leaf.names, name, hostsBehind(target, aliases), wrong)),
    ...dateFindings(leaf, now, wrong),
    ...trustFindings(tls, name, wrong),
    ...staleFindings(tls, now, wrong),
  ];
}

/** What they serve until they are given something else. */
const PROXY_DEFAULTS: readonly (readonly [subject: string, proxy: string])[] = [
  ['TRAEFIK DEFAULT CERT', 'Traefik'],
  ['Kubernetes Ingress Controller Fake Certificate', 'the ingress controller'],
  ['CloudFlare Origin Certificate', 'Cloudflare'],
];

/** CAs renew with a third of the lifetime left; half of that without a renewal is reason to look. */
const LATE_SHARE = 1 / 6;

function dateFindings(
  { notBefore, notAfter }: TlsSight['chain'][number] & object,
  now: Date,
  wrong: Wrong,
): Finding[] {
  const left = notAfter.getTime() - now.getTime();
  if (left <= 0)
    return wrong(
      'CERT_EXPIRED',
      `The certificate expired at ${momentText(notAfter)}.`,
      'renew it; if there is a new one on disk already, the homeserver or the proxy has not been told to read it',
    );
  if (notBefore.getTime() > now.getTime())
    return wrong(
      'CERT_NOT_YET_VALID',
      `The certificate is not valid before ${momentText(notBefore)}.`,
      'compare the clock of this machine with the right time; else wait until then',
    );
  if (left > (notAfter.getTime() - notBefore.getTime()) * LATE_SHARE) return [];
  return wrong(
    'CERT_EXPIRES_SOON',
    `The certificate expires at ${momentText(notAfter)}, and should have been renewed by now.`,
    'find out why it was not renewed; if it was, reload the homeserver or the proxy',
  );
}

/** OpenSSL's codes for a date, which is reported on its own. */
const DATE_CODES = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const NO_ISSUER = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function trustFindings({ chain, distrust }: TlsSight, name: string, wrong: Wrong): Finding[] {
  const [leaf] = chain;
  if (distrust === null || DATE_CODES.has(distrust) || leaf === undefined) return [];
  if (NO_ISSUER.has(distrust) && chain.length === 1 && !leaf.selfIssued)
    return wrong(
      'CERT_CHAIN_INCOMPLETE',
      `The certificate comes alone, without the intermediate "${leaf.issuer}" that signed it, so peers cannot verify it.`,
      "serve the full chain: fullchain.pem (Synapse's tls_certificate_path), not cert.pem",
    );
  const why = leaf.selfIssued
    ? 'it signed itself'
    : `its CA "${chain.at(-1)?.issuer ?? leaf.issuer}" is not known`;
  return wrong(
    'CERT_UNTRUSTED',
    `The certificate is not trusted: ${why} (${distrust}).`,
    `get a certificate for ${name} from a public CA; in a federation of your own, name its CA with --ca-file`,
  );
}

/** As in 2021, when the cross-signature of an expired root (DST Root CA X3) cut off whoever had older software. */
function staleFindings({ chain, distrust }: TlsSight, now: Date, wrong: Wrong): Finding[] {
  const stale = chain.slice(1).find(({ notAfter }) => notAfter.getTime() <= now.getTime());
  if (stale === undefined || distrust !== null) return [];
  return wrong(
    'CERT_CHAIN_STALE',
    `The chain contains "${stale.subject}", which expired at ${momentText(stale.notAfter)}; some peers find another way around it, some do not.`,
    'serve the chain that the CA gives today, without that certificate',
  );
}

export function hostText(host: Host): string {
  return host.kind === 'name' ? relativeToRoot(host.name) : host.address;
}
