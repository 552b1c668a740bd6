import type { Finding, Severity } from '../federation/finding.ts';

/**
 * What `doctor` can find. The codes are stable, people grep for them; docs/doctor.md has a row for each (a test
 * compares the two). An error fails the next renewal; a warning may, or will one day; an info is worth knowing.
 */
export const CONDITIONS = {
  CA_UNREACHABLE: ['error', 'the directory of the CA cannot be read'],
  EAB_MISSING: ['error', 'the CA wants an external account that the config does not name'],
  FALLBACK_UNFIT: ['warning', 'another CA of the config could not take over'],
  CLOCK_WRONG: ['error', 'our clock and that of the CA differ'],
  CLOCK_DRIFTS: ['warning', 'our clock and that of the CA drift apart'],
  LEDGER_SPENT: ['error', 'no order is left in our own limit'],
  LEDGER_FAILED: ['error', 'a name failed at the CA as often as our own limit allows'],
  LEDGER_LOW: ['info', 'one order is left in our own limit'],

  CAA_ISSUER: ['error', 'CAA records do not name the CA'],
  CAA_METHOD: ['error', 'CAA records do not allow the way that we are validated'],
  CAA_ACCOUNT: ['error', 'CAA records name another account at the CA'],
  CAA_CRITICAL: ['error', 'a CAA record is critical and means nothing to CAs'],
  CAA_UNANSWERED: ['error', 'whether there are CAA records cannot be found out'],
  CAA_NOT_COMPARED: ['info', 'the CA does not say which name CAA records have to have'],

  ZONE_UNKNOWN: ['error', 'the zone of a name or its servers cannot be found out'],
  NAME_SERVER_NO_ADDRESS: ['error', 'a name server has no address'],
  NAME_SERVER_UDP: ['error', 'a name server is silent over UDP'],
  NAME_SERVER_TCP: ['error', 'a name server is silent over TCP'],
  NAME_SERVER_LAME: ['error', 'a name server does not speak for the zone'],
  NAME_SERVER_NOT_TRIED: ['info', 'a name server cannot be reached from this machine'],
  DNSSEC_BOGUS: ['error', 'the DNSSEC signatures of a zone do not hold'],
  DELEGATION_DIFFERS: ['warning', 'the parent names other name servers than the zone'],
  CHALLENGE_CNAME: ['error', 'the CNAME of _acme-challenge cannot be followed'],

  CHALLENGE_STALE: ['warning', 'challenge values of unknown origin stand in the zone'],
  CHALLENGE_LEFT: ['warning', 'challenge values of ours could not be removed'],
  STANDING_MISSING: ['error', 'there is no standing value of dns-persist-01'],
  STANDING_ACCOUNT: ['error', 'the standing value is for another account'],
  STANDING_ISSUER: ['error', 'the standing values are for other CAs'],
  STANDING_NARROW: ['error', 'the standing value does not cover a wildcard of the certificate'],
  STANDING_EXPIRED: ['error', 'the standing value counts no more'],
  STANDING_ENDS: ['error', 'the standing value ends before the next renewal'],
  STANDING_WIDE: ['warning', 'the standing value allows more than the certificate needs'],
  STANDING_LEFT: ['warning', 'a standing value of ours is not needed'],
  STANDING_UNKNOWN: ['info', 'nobody can tell yet what the standing value has to be'],

  TARGET_CNAME: ['warning', 'an SRV target is an alias'],
  TARGET_ADDRESS: ['error', 'an SRV target has no address'],
  TARGET_UNANSWERED: ['warning', 'the addresses of an SRV target cannot be found out'],

  PROVIDER_CHECK: ['error', 'a provider does not accept what we would ask of it'],

  STATE_UNSAFE: ['error', 'the state directory cannot be used, or others can write to it'],
  STATE_NOT_WRITABLE: ['error', 'the state directory may not be written to'],
  ACCOUNT_KEY_EXPOSED: ['error', 'others can use the key of the account at the CA'],
  OUTPUT_NOT_WRITABLE: ['error', 'an output directory may not be written to'],
  OUTPUT_ACCOUNT: ['error', 'the owner or group of an output does not exist'],
  OUTPUT_NOT_REACHED: ['error', 'who reads an output may not enter a folder on the way'],
  OUTPUT_KEY_MODE: ['error', 'the mode of the key keeps its reader out'],

  HOMESERVER_UNREADABLE: ['warning', 'the config of the homeserver cannot be read'],
  HOMESERVER_NAME: ['error', 'the homeserver has another name than the site'],
  HOMESERVER_FILES: ['error', 'the homeserver reads key or chain from elsewhere'],
  HOMESERVER_PORT: ['warning', 'the homeserver serves federation on another port'],
  HOMESERVER_LOOPBACK: ['warning', 'the homeserver listens on loopback only'],
  HOMESERVER_PROXIED: ['info', 'the homeserver leaves TLS to a proxy'],
  HOMESERVER_WELL_KNOWN: ['warning', 'the homeserver serves a well-known that contradicts the config'],
  HOMESERVER_BASE_URL: ['warning', 'the homeserver and the well-known name different addresses to clients'],
} as const satisfies Record<string, readonly [Severity, string]>;

export type ConditionCode = keyof typeof CONDITIONS;

export type Condition = Finding<ConditionCode>;

export function condition(
  code: ConditionCode,
  message: string,
  fix: string,
  evidence: readonly string[] = [],
): Condition {
  return { code, severity: CONDITIONS[code][0], message, evidence, fix };
}
