import { BACKOFF, DelegatedError, type ErrorDetails, NEVER } from '../../src/errors.ts';
import { TSIG_ERROR, type TsigVerdict } from './tsig.ts';

/** RFC 1035 §4.1.1, RFC 2136 §2.2 */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
} as const;

/** A refusal needs no signature, and PowerDNS and Knot do not sign it; whatever tells of records does. */
const UNSIGNED: ReadonlySet<number> = new Set([
  RCODE.FORMERR,
  RCODE.SERVFAIL,
  RCODE.NOTIMP,
  RCODE.REFUSED,
  RCODE.NOTAUTH,
  RCODE.NOTZONE,
]);

/** What was asked of whom; all of it may be shown. */
export interface Asked {
  /** `host:port` */
  readonly server: string;
  /** Name of the TSIG key. */
  readonly key: string;
  /** Completes "the server, asked to …". */
  readonly to: string;
  readonly write: boolean;
}

/** Null when the signature is good. @param now seconds since 1970, by our clock */
export function signatureFailure(
  verdict: TsigVerdict,
  rcode: number,
  now: number,
  asked: Asked,
): DelegatedError | null {
  switch (verdict.kind) {
    case 'verified':
      return null;
    case 'unsigned':
      return UNSIGNED.has(rcode) ? null : untrusted('answers without a signature', asked);
    case 'forged':
      return untrusted('answers with a signature that does not verify', asked);
    case 'skewed':
      return clockFailure(verdict.serverTime, now, asked, asked.write ? 'unknown' : 'not-applied');
    case 'error':
      return verdict.error === TSIG_ERROR.BADTIME
        ? clockFailure(verdict.serverTime, now, asked, 'not-applied')
        : keyFailure(verdict.error, asked);
    default:
      return verdict satisfies never;
  }
}

function keyFailure(error: number, asked: Asked): DelegatedError {
  return new DelegatedError('E_PROVIDER_AUTH', `${asked.server} does not accept ${whichKey(error, asked)}`, {
    hint:
      'compare name, algorithm and secret of the key with the server; Knot also answers BADKEY when its acl ' +
      'does not let the key change this name or type',
    retry: NEVER,
  });
}

/** A reply that is not NOERROR to an UPDATE (RFC 2136 §3). */
export function updateFailure(rcode: number, asked: Asked): DelegatedError {
  const says = `${asked.server}, asked to ${asked.to}, answers ${rcodeName(rcode)}`;
  const fail = (code: DelegatedError['code'], why: string, details: ErrorDetails): DelegatedError =>
    new DelegatedError(code, `${says}: ${why}`, details);
  switch (rcode) {
    case RCODE.NXRRSET:
    case RCODE.YXRRSET:
    case RCODE.YXDOMAIN:
    case RCODE.NXDOMAIN:
      return fail('E_PROVIDER_CONFLICT', 'the records are not what was read before', {
        hint: 'somebody else writes the same records; the next run reads them again',
        retry: BACKOFF,
      });
    case RCODE.REFUSED:
      return fail('E_PROVIDER_FORBIDDEN', `the key ${asked.key} may not do this`, {
        hint:
          'grant the key these names and types (BIND update-policy, Knot acl, PowerDNS TSIG-ALLOW-DNSUPDATE); ' +
          'PowerDNS says the same for a wrong key or a wrong clock',
      });
    case RCODE.NOTZONE:
    case RCODE.NOTAUTH:
      return fail('E_ZONE_NOT_FOUND', 'it is not the primary of that zone, or a name lies outside it', {
        hint: 'point `server` at the primary of the zone, and name the zone in `zone` of the site if it is guessed wrong',
      });
    case RCODE.SERVFAIL:
      return fail('E_PROVIDER_UNAVAILABLE', 'it failed', {
        hint: 'see the log of the name server',
        retry: BACKOFF,
      });
    case RCODE.NOTIMP:
      return fail('E_PROVIDER_UNSUPPORTED', 'it does not do DNS UPDATE', {
        hint: 'switch DNS UPDATE on (PowerDNS: dnsupdate=yes), or use another provider type',
      });
    default:
      return fail('E_PROVIDER_REJECTED', 'it does not understand the message', {
        hint: 'see the log of the name server',
      });
  }
}

/** A reply to a query that says neither "here it is" nor "there is none". */
export function queryFailure(rcode: number, asked: Asked): DelegatedError {
  const says = `${asked.server}, asked to ${asked.to}, answers ${rcodeName(rcode)}`;
  if (rcode === RCODE.NOERROR || rcode === RCODE.REFUSED)
    return new DelegatedError('E_ZONE_NOT_FOUND', `${says} and does not speak for the name`, {
      hint: 'point `server` at the primary of the zone; if it is, let it answer queries that the key signs (allow-query)',
    });
  return new DelegatedError('E_PROVIDER_UNAVAILABLE', says, {
    hint: 'see the log of the name server',
    retry: BACKOFF,
  });
}

/** NOTAUTH to a query means the signature (RFC 8945 §5.2); PowerDNS 4.7 says so without a TSIG error (2026-11). */
export function unverified(asked: Asked): DelegatedError {
  return new DelegatedError(
    'E_PROVIDER_AUTH',
    `${asked.server}, asked to ${asked.to}, does not accept the signature of the key ${asked.key} (NOTAUTH)`,
    {
      hint: 'compare name, algorithm and secret of the key with the server, and the clocks of both machines',
    },
  );
}

export function rcodeName(rcode: number): string {
  return Object.entries(RCODE).find(([, code]) => code === rcode)?.[0] ?? `RCODE${rcode}`;
}

function untrusted(how: string, asked: Asked): DelegatedError {
  return new DelegatedError('E_PROVIDER_AUTH', `${asked.server}, asked to ${asked.to}, ${how}`, {
    hint: 'compare the key with the server, and look for a proxy or another server on the way',
    outcome: asked.write ? 'unknown' : 'not-applied',
  });
}

function whichKey(error: number, asked: Asked): string {
  if (error === TSIG_ERROR.BADKEY) return `the key ${asked.key}: it does not know it (BADKEY)`;
  if (error === TSIG_ERROR.BADSIG) return `the key ${asked.key}: the secret differs (BADSIG)`;
  return `the signature of the key ${asked.key} (TSIG error ${error})`;
}

function clockFailure(
  serverTime: number | null,
  now: number,
  asked: Asked,
  outcome: 'unknown' | 'not-applied',
): DelegatedError {
  const difference = serverTime === null ? null : now - serverTime;
  const clocks =
    serverTime === null || difference === null
      ? 'the two clocks differ too much (BADTIME)'
      : `its clock says ${new Date(serverTime * 1000).toISOString()}, ours is ${Math.abs(difference)} seconds ${
          difference > 0 ? 'ahead' : 'behind'
        } (BADTIME)`;
  return new DelegatedError('E_PROVIDER_CLOCK', `${asked.server} does not accept our signature: ${clocks}`, {
    hint: 'set both clocks by NTP; they may differ by 300 seconds',
    retry: BACKOFF,
    outcome,
  });
}
