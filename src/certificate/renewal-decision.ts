import { createHash } from 'node:crypto';
import { relativeToRoot, type DomainName } from '../dns/domain-name.ts';
import type { CertificateFacts } from './facts.ts';
import type { KeyType } from './key-type.ts';

export type RenewalDecision =
  | {
      readonly due: true;
      readonly reason: string;
      /** Only because the CA would like it: there is time left otherwise. */
      readonly suggested?: true;
      /** Renewals were held off, and there is no time left for that. */
      readonly holdDropped?: true;
    }
  | {
      readonly due: false;
      readonly at: Date;
      /** Why then. */
      readonly reason: string;
      /** A person holds renewals off; `at` is when that ends by itself. */
      readonly held?: true;
    };

/** What the CA would like (RFC 9773 §4.2). */
export interface RenewalSuggestion {
  readonly start: Date;
  readonly end: Date;
  readonly explanationUrl?: string;
  /** In [0, 1); the same for the same window of the same certificate, see `drawOf`. */
  readonly draw: number;
}

export interface RenewalQuestion {
  /** Null when there is none, or none that can be read. */
  readonly current: CertificateFacts | null;
  /** Why what is on disk cannot be used. */
  readonly broken?: string;
  readonly revoked?: boolean;
  /** A person went back to this certificate and wants it to stay. */
  readonly held?: boolean;
  /** The profile that it was asked for with, where another one is wanted by now; null: the usual one of the CA. */
  readonly profileChange?: { readonly from: string | null; readonly to: string | null };
  readonly wanted: { readonly names: readonly DomainName[]; readonly keyType: KeyType };
  readonly now: Date;
  /** In [0, 1); the same for the same certificate, see `drawOf`. */
  readonly draw: number;
  readonly suggestion?: RenewalSuggestion;
  /** Milliseconds until the asker looks again. Default: it looks at the very moment that it is told. */
  readonly nextLookMs?: number;
}

/** Milliseconds. Below it a certificate counts as short-lived, and half of its life is the reserve. */
const SHORT_LIVED = 10 * 24 * 3600 * 1000;

/**
 * Comes due with a third of the lifetime left (half, for short-lived ones), which is what CAs recommend (Let's
 * Encrypt integration guide, verified 2026-11), or earlier by up to a fiftieth of the lifetime, so that certificates
 * that were made together do not come due together. Never later: the draw only takes away, and so does what the CA
 * suggests. Who looks again only after the moment that was drawn from the CA's window renews now (RFC 9773 §4.2).
 */
export function decideRenewal(question: RenewalQuestion): RenewalDecision {
  const {
    current,
    broken,
    revoked,
    held,
    wanted,
    now,
    draw,
    suggestion,
    nextLookMs = 0,
    profileChange,
  } = question;
  if (broken !== undefined) return due(`the certificate on disk cannot be used: ${broken}`);
  if (current === null) return due('it is the first one');
  if (revoked === true) return due('the certificate was revoked');
  const difference = namesDifference(current.names, wanted.names);
  if (difference !== null) return due(difference);
  // After the names: who changes those in the config wants a certificate with them, whatever was held off before.
  if (held === true) return decideHeld(current, now);
  if (current.keyType !== wanted.keyType)
    return due(
      `the key is ${current.keyType ?? 'of a type that is never ordered'}, wanted is ${wanted.keyType}`,
    );
  if (profileChange !== undefined)
    return due(
      `the profile changed: it is ${profileText(profileChange.from)}, wanted is ${profileText(profileChange.to)}`,
    );
  if (now >= current.notAfter) return due(`the certificate expired at ${current.notAfter.toISOString()}`);
  const latest = dueAt(current, draw);
  const reserve = isShortLived(current) ? 'half' : 'a third';
  if (now >= latest)
    return due(`the certificate is due since ${latest.toISOString()}: ${reserve} of its lifetime is left`);
  const asked = suggestion === undefined ? null : momentIn(suggestion);
  if (suggestion === undefined || asked === null || asked >= latest)
    return { due: false, at: latest, reason: `${reserve} of its lifetime is left then` };
  const reason = suggestedText(suggestion);
  if (now.getTime() + nextLookMs >= asked.getTime()) return { due: true, reason, suggested: true };
  return { due: false, at: asked, reason };
}

/**
 * When a hold ends by itself: with half of the usual reserve left. A version that is gone back to has mostly used up the
 * first half, since it was due when it was replaced; the second half is for getting a new one.
 */
export function holdEndsAt(dates: Pick<CertificateFacts, 'notBefore' | 'notAfter'>): Date {
  return new Date(Math.floor(dates.notAfter.getTime() - reserveOf(dates) / 2));
}

function decideHeld(current: CertificateFacts, now: Date): RenewalDecision {
  const at = holdEndsAt(current);
  if (now < at)
    return {
      due: false,
      at,
      reason: 'a rollback holds renewals off until then, or until it is released',
      held: true,
    };
  const reason = `renewals were held off since a rollback, which ends here: the certificate ends at ${current.notAfter.toISOString()}`;
  return { due: true, reason, holdDropped: true };
}

/**
 * A stable draw: uniform in [0, 1), different on every installation.
 * @param subject the certificate's fingerprint, or what `windowKey` makes of a window
 */
export function drawOf(secret: string, subject: string): number {
  const digest = createHash('sha256').update(secret).update(subject).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** One draw per window of a certificate (RFC 9773 §4.2): another window draws anew, another run does not. */
export function windowKey(certId: string, { start, end }: Pick<RenewalSuggestion, 'start' | 'end'>): string {
  return `${certId} ${start.toISOString()} ${end.toISOString()}`;
}

function isShortLived({ notBefore, notAfter }: Pick<CertificateFacts, 'notBefore' | 'notAfter'>): boolean {
  return notAfter.getTime() - notBefore.getTime() < SHORT_LIVED;
}

function momentIn({ start, end, draw }: RenewalSuggestion): Date {
  return new Date(start.getTime() + Math.floor(draw * (end.getTime() - start.getTime())));
}

function suggestedText({ start, end, explanationUrl }: RenewalSuggestion): string {
  const why = explanationUrl === undefined ? '' : `, and explains why at ${explanationUrl}`;
  return `the CA suggests to renew between ${start.toISOString()} and ${end.toISOString()}${why}`;
}

function dueAt(
  { notBefore, notAfter }: Pick<CertificateFacts, 'notBefore' | 'notAfter'>,
  draw: number,
): Date {
  const lifetime = notAfter.getTime() - notBefore.getTime();
  const reserve = reserveOf({ notBefore, notAfter });
  return new Date(Math.floor(notAfter.getTime() - reserve - (draw * lifetime) / 50));
}

function reserveOf(dates: Pick<CertificateFacts, 'notBefore' | 'notAfter'>): number {
  const lifetime = dates.notAfter.getTime() - dates.notBefore.getTime();
  return isShortLived(dates) ? lifetime / 2 : lifetime / 3;
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

function profileText(profile: string | null): string {
  return profile ?? 'the usual one of the CA';
}

function due(reason: string): RenewalDecision {
  return { due: true, reason };
}
