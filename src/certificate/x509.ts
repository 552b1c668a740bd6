import { type KeyObject, X509Certificate } from 'node:crypto';
import { type DomainName, parseDomainName } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import { derAuthorityKeyId } from './der-authority-key-id.ts';
import { derSerial } from './der-serial.ts';
import type { CertificateFacts } from './facts.ts';
import type { KeyType } from './key-type.ts';

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM text, in its order; at least one.
 * @throws DelegatedError E_ACME_CERTIFICATE
 */
export function parseChain(pem: string): readonly [X509Certificate, ...X509Certificate[]] {
  const [first, ...rest] = (pem.match(PEM) ?? []).map(parseOne);
  if (first === undefined) throw notACertificate('there is no PEM block "CERTIFICATE" in it');
  return [first, ...rest];
}

/** @throws DelegatedError E_ACME_CERTIFICATE when a name in it is none */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  const authorityKeyId = derAuthorityKeyId(certificate.raw);
  return {
    names: dnsNames(certificate),
    serial: hex(derSerial(certificate.raw)),
    authorityKeyId: authorityKeyId === null ? null : hex(authorityKeyId),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    issuer: issuerOf(certificate),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    keyType: keyTypeOf(certificate.publicKey),
  };
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex').toUpperCase();
}

/** The entries of subjectAltName that are no dNSName, as OpenSSL prints them. */
export function otherNames(certificate: X509Certificate): readonly string[] {
  return alternativeNames(certificate).filter((entry) => !entry.startsWith('DNS:'));
}

function dnsNames(certificate: X509Certificate): readonly DomainName[] {
  return alternativeNames(certificate)
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => {
      try {
        return parseDomainName(entry.slice('DNS:'.length));
      } catch (cause) {
        throw notACertificate(cause instanceof Error ? cause.message : 'it has a name that is none', cause);
      }
    });
}

/** node:crypto puts what holds a comma in JSON quotes, so that no certificate can smuggle in an entry. */
function alternativeNames({ subjectAltName }: X509Certificate): readonly string[] {
  return subjectAltName?.match(/[^,:]+:(?:"(?:[^"\\]|\\.)*"|[^,]*)/g)?.map((entry) => entry.trim()) ?? [];
}

/** The common name that the chain ends below: the issuer of its topmost certificate. */
export function chainTop(fullchain: string): string {
  const chain = parseChain(fullchain);
  return issuerOf(chain.at(-1) ?? chain[0]);
}

function issuerOf({ issuer }: X509Certificate): string {
  const lines = issuer.split('\n');
  const commonName = lines.find((line) => line.startsWith('CN='));
  return commonName?.slice('CN='.length) ?? lines.join(', ');
}

function keyTypeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyType | null {
  if (asymmetricKeyType === 'ec') return CURVES[asymmetricKeyDetails?.namedCurve ?? ''] ?? null;
  if (asymmetricKeyType === 'rsa') return MODULI[asymmetricKeyDetails?.modulusLength ?? 0] ?? null;
  return null;
}

const CURVES: Readonly<Record<string, KeyType>> = { prime256v1: 'ec256', secp384r1: 'ec384' };
const MODULI: Readonly<Record<number, KeyType>> = { 2048: 'rsa2048', 3072: 'rsa3072', 4096: 'rsa4096' };

function parseOne(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw notACertificate('a PEM block does not hold a certificate', cause);
  }
}

function notACertificate(why: string, cause?: unknown): DelegatedError {
  return new DelegatedError('E_ACME_CERTIFICATE', `not a certificate chain in PEM: ${why}`, {
    hint: 'nothing was changed; if a CA sent this, report it to the CA',
    cause,
  });
}
