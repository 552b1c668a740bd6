import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CertificateSight, TlsSight } from '../federation/https-outcome.ts';

const LONGEST_CHAIN = 16;

/** What a handshake showed. @param certName DNS name or IP literal that the leaf has to be for */
export function tlsSight(socket: TLSSocket, certName: string): TlsSight {
  const chain = chainOf(socket);
  const [leaf] = chain;
  const { authorizationError } = socket;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    chain: chain.map(certificateSight),
    namesMatch: leaf !== undefined && isFor(leaf, certName),
    distrust: socket.authorized ? null : codeOf(authorizationError),
  };
}

/** Node's types say Error; what is there is OpenSSL's code as text. */
function codeOf(authorizationError: unknown): string {
  if (authorizationError instanceof Error && 'code' in authorizationError)
    return String(authorizationError.code);
  return typeof authorizationError === 'string' ? authorizationError : 'UNKNOWN';
}

function isFor(leaf: X509Certificate, name: string): boolean {
  // RFC 6125 §6.4.4 lets a common name count where there is no subjectAltName; browsers, Go and rustls do not.
  if (isIP(name) !== 0) return leaf.checkIP(name) !== undefined;
  return leaf.checkHost(name, { subject: 'never' }) !== undefined;
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < LONGEST_CHAIN) {
    const { fingerprint256 } = next;
    if (chain.some((each) => each.fingerprint256 === fingerprint256)) break;
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function certificateSight(certificate: X509Certificate): CertificateSight {
  const { subject, issuer, subjectAltName, fingerprint256, validFrom, validTo } = certificate;
  return {
    subject: commonName(subject),
    issuer: commonName(issuer),
    names: [...(subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,\s"]+)/g)].map(
      ([, name = '']) => name,
    ),
    sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
    selfIssued: subject === issuer,
  };
}

/** An empty subject is undefined in Node, whatever the types say. */
function commonName(name: string | undefined): string {
  const lines = (name ?? '').split('\n');
  return lines.find((line) => line.startsWith('CN='))?.slice('CN='.length) ?? lines.join(', ');
}
