import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { type DomainName, relativeToRoot } from '../dns/domain-name.ts';
import { DelegatedError } from '../errors.ts';
import { factsOf, otherNames, parseChain } from './x509.ts';

/** CAs date certificates back by about an hour; this is for a clock of ours that is behind. Milliseconds. */
const CLOCK_SKEW_MS = 3_600_000;

/**
 * Why a chain and a key are not what was ordered; null when they are. Nothing of a new certificate is written before
 * this was asked.
 * @param fullchain PEM, leaf first
 * @param privateKey PKCS#8 PEM
 */
export function mismatch(
  fullchain: string,
  privateKey: string,
  names: readonly DomainName[],
  now: Date,
): string | null {
  try {
    const chain = parseChain(fullchain);
    return (
      namesMismatch(chain[0], names) ??
      keyMismatch(chain[0], privateKey) ??
      chainMismatch(chain) ??
      dateMismatch(chain[0], now)
    );
  } catch (error) {
    if (error instanceof DelegatedError) return error.message;
    throw error;
  }
}

function namesMismatch(leaf: X509Certificate, names: readonly DomainName[]): string | null {
  const wanted = new Set(names);
  const given = new Set(factsOf(leaf).names);
  const missing = [...wanted].filter((name) => !given.has(name)).map(relativeToRoot);
  const more = [...[...given].filter((name) => !wanted.has(name)).map(relativeToRoot), ...otherNames(leaf)];
  if (missing.length > 0) return `it lacks the names ${missing.join(', ')}`;
  return more.length > 0 ? `it has names that nobody ordered: ${more.join(', ')}` : null;
}

function keyMismatch(leaf: X509Certificate, privateKey: string): string | null {
  if (leaf.ca) return 'the first certificate of the chain is that of a CA';
  try {
    return leaf.checkPrivateKey(createPrivateKey(privateKey))
      ? null
      : 'its public key is not that of the private key';
  } catch {
    // The reason of OpenSSL is dropped: it says nothing to a person, and the key is a secret.
    return 'the private key cannot be read';
  }
}

function chainMismatch(chain: readonly X509Certificate[]): string | null {
  const broken = chain.findIndex((certificate, index) => {
    const issuer = chain[index + 1];
    return issuer !== undefined && !(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  });
  return broken === -1
    ? null
    : `certificate ${broken + 1} of the chain is not signed by certificate ${broken + 2}`;
}

function dateMismatch(leaf: X509Certificate, now: Date): string | null {
  const { notBefore, notAfter } = factsOf(leaf);
  if (notBefore.getTime() > now.getTime() + CLOCK_SKEW_MS)
    return `it is valid from ${notBefore.toISOString()} on only, and it is ${now.toISOString()} here`;
  return notAfter.getTime() <= now.getTime()
    ? `it has expired at ${notAfter.toISOString()}, and it is ${now.toISOString()} here`
    : null;
}
