import { type DomainName, relativeToRoot } from '../../dns/domain-name.ts';
import { csrLibrary } from './library.ts';

/**
 * A certificate signing request without a common name: CAs take the names from subjectAltName, and the newer profiles
 * put no common name into the certificate (Let's Encrypt, verified 2026-11).
 * @param privateKey PKCS#8 PEM
 * @returns DER in base64url, as RFC 8555 §7.4 wants it
 */
export async function createCsr(names: readonly DomainName[], privateKey: string): Promise<string> {
  const crypto = await csrLibrary();
  const [, pem] = await crypto.createCsr({ altNames: names.map(relativeToRoot) }, privateKey);
  const base64 = pem
    .toString()
    .replace(/-----[^-]+-----/g, '')
    .replace(/\s+/g, '');
  return Buffer.from(base64, 'base64').toString('base64url');
}
