export type Severity = 'error' | 'warning' | 'info';

/**
 * What `check` can find. The codes are stable, people grep for them; docs/check.md has a row for each (a test compares
 * the two). An error keeps at least some peers away; a warning will, or wastes their time; an info is worth knowing.
 */
export const FINDINGS = {
  NO_RESOLVER: ['error', 'no resolver answers this machine'],
  DNSSEC_BOGUS: ['error', 'the DNSSEC signatures do not hold'],

  WELL_KNOWN_NOT_JSON: ['warning', 'the well-known file is no JSON object'],
  WELL_KNOWN_NO_SERVER: ['warning', 'the well-known file has no m.server'],
  WELL_KNOWN_BAD_SERVER: ['error', 'm.server is no server name'],
  WELL_KNOWN_NO_PORT: ['warning', 'm.server has no port, and 8448 is closed'],
  WELL_KNOWN_REDIRECT: ['warning', 'the redirects of the well-known file lead nowhere'],
  WELL_KNOWN_REDIRECT_HTTP: ['warning', 'the well-known file is redirected to plain HTTP'],
  WELL_KNOWN_REDIRECT_308: ['info', 'the well-known file is redirected with status 308'],
  WELL_KNOWN_STATUS: ['warning', 'the well-known URL answers with an odd status'],
  WELL_KNOWN_TOO_LARGE: ['warning', 'the well-known file is larger than peers read'],
  WELL_KNOWN_TLS: ['warning', 'TLS in front of the well-known file is broken'],
  WELL_KNOWN_SLOW: ['warning', 'port 443 keeps peers waiting'],
  WELL_KNOWN_SPLIT: ['warning', 'the well-known file differs from address to address'],
  WELL_KNOWN_CACHED_LONG: ['info', 'peers keep the well-known file for more than a day'],
  WELL_KNOWN_MISSING: ['info', 'nothing delegates, and the server is not found without'],

  SRV_SHADOWED: ['warning', 'the SRV record is not read, since well-known delegates elsewhere'],
  SRV_OFF_BY_PORT: ['warning', 'the SRV record is not read, since m.server has a port'],
  SRV_OFF_BY_NAME: ['warning', 'the SRV record is not read, since the server name has a port'],
  SRV_UNANSWERED: ['error', 'whether there is an SRV record cannot be found out'],
  SRV_TARGET_CNAME: ['error', 'an SRV target is an alias'],
  SRV_NOT_AVAILABLE: ['error', 'the SRV target is "."'],
  SRV_LEGACY_ONLY: ['warning', 'only the deprecated SRV record is there'],
  SRV_TWINS_DIFFER: ['warning', 'the two SRV records differ'],
  SRV_MISSPELT: ['warning', 'an SRV record stands under a name that nobody asks for'],
  SRV_WILDCARD: ['warning', 'a wildcard answers in the place of an SRV record'],
  SRV_SERVERS_DISAGREE: ['warning', 'the authoritative servers disagree'],
  NAME_SERVER_LAME: ['warning', 'a name server of the zone does not answer for it'],
  SRV_SEVERAL_TARGETS: ['info', 'there are several SRV targets'],
  SRV_TTL_LONG: ['info', 'the SRV record is kept for more than a day'],

  NO_ADDRESS: ['error', 'a host has no address'],
  ADDRESS_UNANSWERED: ['error', 'the addresses of a host cannot be found out'],
  PRIVATE_ADDRESS: ['error', 'an address is not of the public internet'],

  CLOUDFLARE_PORT: ['error', "Cloudflare's proxy does not pass the port"],
  CONNECTION_REFUSED: ['error', 'nothing listens'],
  CONNECTION_TIMEOUT: ['error', 'connections are dropped'],
  ADDRESS_DOWN: ['warning', 'one of several addresses cannot be reached'],
  ADDRESS_NOT_TRIED: ['info', 'an address cannot be reached from this machine'],
  NOTHING_TRIED: ['error', 'no address can be reached from this machine'],

  NOT_TLS: ['error', 'the port does not speak TLS'],
  TLS_TOO_OLD: ['error', 'TLS 1.2 is not spoken'],
  TLS_NAME_REFUSED: ['error', 'the server refuses the name in SNI'],
  TLS_FAILED: ['error', 'the TLS handshake fails'],
  CERT_FOR_SRV_TARGET: ['error', 'the certificate is for the SRV target'],
  CERT_WRONG_NAME: ['error', 'the certificate is for another name'],
  CERT_PROXY_DEFAULT: ['error', 'a reverse proxy serves its default certificate'],
  CERT_EXPIRED: ['error', 'the certificate has expired'],
  CERT_NOT_YET_VALID: ['error', 'the certificate is not valid yet'],
  CERT_EXPIRES_SOON: ['warning', 'the certificate expires soon'],
  CERT_NOT_INSTALLED: ['warning', 'another certificate is served than the one on disk'],
  CERT_CHAIN_INCOMPLETE: ['error', 'the intermediate certificate is not served'],
  CERT_CHAIN_STALE: ['warning', 'a certificate of the chain has expired'],
  CERT_UNTRUSTED: ['error', 'no trusted CA vouches for the certificate'],

  HTTP_FAILED: ['error', 'HTTP does not work over the TLS connection'],
  KEYS_STATUS: ['error', 'the key endpoint answers with an error'],
  KEYS_NOT_JSON: ['error', 'the key endpoint serves no JSON'],
  KEYS_CONTENT_TYPE: ['warning', 'the key endpoint serves the wrong content type'],
  KEYS_WRONG_NAME: ['error', 'another server answers'],
  KEYS_EXPIRED: ['error', 'the signing keys have expired'],
  KEYS_NO_ED25519: ['error', 'there is no usable signing key'],
  KEYS_SIGNATURE: ['error', 'the keys are not signed by themselves'],
  VERSION_STATUS: ['warning', 'the version endpoint does not answer'],
  PATH_DECODED: ['warning', 'paths are decoded on their way'],

  CLIENT_FILE_MISSING: ['info', 'clients have to be told where the homeserver is'],
  CLIENT_FILE_BROKEN: ['warning', 'clients stop at the well-known file of clients'],
  CLIENT_FILE_CORS: ['warning', 'clients in a browser cannot read their well-known file'],
  CLIENT_FILE_PREFLIGHT: ['info', 'the well-known file of clients answers no preflight'],
  CLIENT_FILE_TYPE: ['warning', 'the well-known file of clients has the wrong content type'],
  CLIENT_API_DOWN: ['warning', 'the base_url of clients leads to no homeserver'],
  CLIENT_API_CORS: ['warning', 'clients in a browser cannot use the homeserver'],
} as const satisfies Record<string, readonly [Severity, string]>;

export type FindingCode = keyof typeof FINDINGS;

export interface Finding<Code extends string = FindingCode> {
  readonly code: Code;
  readonly severity: Severity;
  /** One sentence: what is wrong, and with what. */
  readonly message: string;
  /** What was seen, one line each. */
  readonly evidence: readonly string[];
  /** One sentence that says what to do. */
  readonly fix: string;
}

export function finding(
  code: FindingCode,
  message: string,
  fix: string,
  evidence: readonly string[] = [],
): Finding {
  return { code, severity: FINDINGS[code][0], message, evidence, fix };
}

/** The same complaint about several addresses is one finding with the evidence of all. */
export function merged<Code extends string>(findings: readonly Finding<Code>[]): Finding<Code>[] {
  const byText = new Map<string, Finding<Code>>();
  for (const each of findings) {
    const key = `${each.code} ${each.message}`;
    const before = byText.get(key);
    const evidence = [...new Set([...(before?.evidence ?? []), ...each.evidence])];
    byText.set(key, { ...each, evidence });
  }
  return [...byText.values()];
}
