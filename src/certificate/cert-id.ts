import type { CertificateFacts } from './facts.ts';

/**
 * What a CA calls a certificate when it is asked about renewal (RFC 9773 §4.1). Null for a certificate that does not
 * say which key signed it.
 */
export function certIdOf({
  authorityKeyId,
  serial,
}: Pick<CertificateFacts, 'authorityKeyId' | 'serial'>): string | null {
  if (authorityKeyId === null) return null;
  return `${base64url(authorityKeyId)}.${base64url(serial)}`;
}

function base64url(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url');
}
