import type { HandshakeFailure } from '../federation/https-outcome.ts';
import { errnoOf } from './file-error.ts';

/** OpenSSL's word for it, as Node 20 to 24 pass it on. */
const FAILURES: readonly (readonly [RegExp, HandshakeFailure])[] = [
  [/UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION/, 'too-old'],
  [/UNRECOGNIZED_NAME/, 'name-refused'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_TOO_SMALL|HTTP_REQUEST|UNEXPECTED_MESSAGE/, 'not-tls'],
];

export function handshakeFailure(error: Error): HandshakeFailure {
  const said = `${errnoOf(error) ?? ''} ${error.message}`.toUpperCase().replaceAll(' ', '_');
  return FAILURES.find(([pattern]) => pattern.test(said))?.[1] ?? 'other';
}
