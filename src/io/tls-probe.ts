import { createHash } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import { aborted, BACKOFF, DelegatedError } from '../errors.ts';
import type { Endpoint, TlsProbe } from '../ports.ts';
import { errnoOf } from './file-error.ts';

export interface TlsProbeOptions {
  /** Milliseconds for connection and handshake together. Default: 10 000. */
  readonly deadlineMs?: number;
}

export function createTlsProbe(options: TlsProbeOptions = {}): TlsProbe {
  const deadlineMs = options.deadlineMs ?? 10_000;
  return { servedLeaf: (server, serverName, { signal }) => probe(server, serverName, signal, deadlineMs) };
}

function probe(
  server: Endpoint,
  serverName: DomainName,
  signal: AbortSignal,
  deadlineMs: number,
): Promise<string> {
  if (signal.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: server.address,
      port: server.port,
      servername: relativeToRoot(serverName),
      minVersion: 'TLSv1.2',
      // We look, we do not trust: not one byte is sent or read after the handshake. What comes out is the fingerprint
      // of whatever is served, compared with the certificate that we hold; a server that still has an expired or a
      // foreign certificate must be seen as that and not as "no connection".
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => fail(`no TLS handshake within ${deadlineMs} ms`), deadlineMs);
    const onAbort = (): void => end(() => reject(aborted(signal)));
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const fail = (why: string, cause?: unknown): void =>
      end(() => reject(notServed(server, serverName, why, cause)));
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for good: a destroyed socket may still report an error, which nobody waits for then.
    socket.on('error', (error) => fail(error.message, error));
    socket.once('close', () => fail('the server closed the connection during the handshake'));
    socket.once('secureConnect', () => {
      const leaf = leafOf(socket);
      if (leaf === null) fail('the server showed no certificate');
      else end(() => resolve(leaf));
    });
  });
}

function leafOf(socket: TLSSocket): string | null {
  const leaf = socket.getPeerX509Certificate();
  return leaf === undefined ? null : createHash('sha256').update(leaf.raw).digest('hex');
}

function notServed(server: Endpoint, serverName: DomainName, why: string, cause: unknown): DelegatedError {
  const host = server.address.includes(':') ? `[${server.address}]` : server.address;
  const place = `${host}:${server.port} (SNI ${relativeToRoot(serverName)})`;
  return new DelegatedError('E_NOT_SERVED', `${place} does not complete a TLS handshake: ${why}`, {
    hint: hintFor(errnoOf(cause)),
    retry: BACKOFF,
    cause,
  });
}

function hintFor(code: string | undefined): string {
  if (code === 'ECONNREFUSED')
    return 'nothing listens there: check that the homeserver runs and has a listener with `tls: true` on that port';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return 'there is no route from here: name addresses that this machine reaches under `verify`, or `verify: none`';
  if (code?.startsWith('ERR_SSL_') === true || code === 'EPROTO')
    return 'the port does not speak TLS 1.2 or later: check `tls: true` of the listener, or what stands in front of it';
  return 'check the listener, the firewall, and whether this machine may connect to that address';
}
