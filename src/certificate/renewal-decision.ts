import { createHash } from 'node:crypto';
import { relativeToRoot, type DomainName } from '../dns/domain-name.ts';
import type { CertificateFacts } from './facts.ts';
import type { KeyType } from './key-type.ts';

export type RenewalDecision =
  { readonly due: true; readonly reason: string } | { readonly due: false; readonly at: Date };

export interface RenewalQuestion {
  /** Null when there is none, or none that can be read. */
  readonly current: CertificateFacts | null;
  /** Why what is on disk cannot be used. */
  readonly broken?: string;
  readonly revoked?: boolean;
  readonly wanted: { readonly names: readonly DomainName[]; readonly keyType: KeyType };
  readonly now: Date;
  /** In [0, 1); the same for the same certificate, see `drawOf`. */
  readonly draw: number;
}

/** Milliseconds. Below it a certificate counts as short-lived, and half of its life is the reserve. */
const SHORT_LIVED = 10 * 24 * 3600 * 1000;

/**
 * Comes due with a third of the lifetime left (half, for short-lived ones), which is what CAs recommend (Let's
 * Encrypt integration guide, verified 2026-11), or earlier by up to a fiftieth of the lifetime, so that certificates
 * that were made together do not come due together. Never later: the draw only takes away.
 */
export function decideRenewal(question: RenewalQuestion): RenewalDecision {
  const { current, broken, revoked, wanted, now, draw } = question;
  if (broken !== undefined) return due(`the certificate on disk cannot be used: ${broken}`);
  if (current === null) return due('there is no certificate yet');
  if (revoked === true) return due('the certificate was revoked');
  const difference = namesDifference(current.names, wanted.names);
  if (difference !== null) return due(difference);
  if (current.keyType !== wanted.keyType)
    return due(
      `the key is ${current.keyType ?? 'of a type that is never ordered'}, wanted is ${wanted.keyType}`,
    );
  if (now >= current.notAfter) return due(`the certificate expired at ${current.notAfter.toISOString()}`);
  const at = dueAt(current, draw);
  if (now >= at) return due(`the certificate is due since ${at.toISOString()}`);
  return { due: false, at };
}

/** The stable draw of a certificate: uniform in [0, 1), different on every installation. */
export function drawOf(secret: string, sha256: string): number {
  const digest = createHash('sha256').update(secret).update(sha256).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

function dueAt({ notBefore, notAfter }: CertificateFacts, draw: number): Date {
  const lifetime = notAfter.getTime() - notBefore.getTime();
  const reserve = lifetime < SHORT_LIVED ? lifetime / 2 : lifetime / 3;
  return new Date(Math.floor(notAfter.getTime() - reserve - (draw * lifetime) / 50));
}

function namesDifference(has: readonly DomainName[], wants: readonly DomainName[]): string | null {
  const missing = [...new Set(wants)].filter((name) => !has.includes(name));
  const extra = [...new Set(has)].filter((name) => !wants.includes(name));
  if (missing.length === 0 && extra.length === 0) return null;
  const parts = [
    ...(missing.length > 0 ? [`lacks ${missing.map(relativeToRoot).join(', ')}`] : []),
    ...(extra.length > 0 ? [`still has ${extra.map(relativeToRoot).join(', ')}`] : []),
  ];
  return `the certificate ${parts.join(' and ')}`;
}

function due(reason: string): RenewalDecision {
  return { due: true, reason };
}
