import type { DomainName } from '../dns/domain-name.ts';
import type { Problem } from './problem.ts';

/** RFC 8555 §7.1.6. */
export type OrderStatus = 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
export type AuthorizationStatus = 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
export type ChallengeStatus = 'pending' | 'processing' | 'valid' | 'invalid';

/** RFC 8555 §7.1.3. */
export interface Order {
  readonly url: string;
  readonly status: OrderStatus;
  /** Wildcards as `*.example.org.`, as ordered. */
  readonly names: readonly DomainName[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate?: string;
  readonly expires?: Date;
  readonly error?: Problem;
  /** From Retry-After, counted from the answer. Milliseconds. */
  readonly retryAfterMs?: number;
}

/** RFC 8555 §7.1.4. */
export interface Authorization {
  readonly url: string;
  readonly status: AuthorizationStatus;
  /** Without the `*.` that `wildcard` stands for. */
  readonly name: DomainName;
  readonly wildcard: boolean;
  readonly expires?: Date;
  /** The types of its challenges. */
  readonly offers: readonly string[];
  readonly dns01?: Challenge;
  /** Absent also where it is one that a client has to reject. */
  readonly persist01?: PersistChallenge;
  readonly retryAfterMs?: number;
}

/** draft-ietf-acme-dns-persist §3.1. It has no token: what the CA looks for is the same every time. */
export interface PersistChallenge extends Omit<Challenge, 'token'> {
  /** The names that the CA goes by; any of them will do. */
  readonly issuers: readonly string[];
}

/** RFC 8555 §8. */
export interface Challenge {
  readonly url: string;
  readonly status: ChallengeStatus;
  readonly token: string;
  readonly error?: Problem;
}
