/** What is wrong with a standing value, and what to do about it, for a person. */
import { type StandingVerdict, standingText } from './acme/standing-value.ts';
import { relativeToRoot } from './dns/domain-name.ts';
import { txtText } from './dns/rrset.ts';
import type { StandingName } from './standing-names.ts';

export interface StandingTrouble {
  readonly message: string;
  readonly fix: string;
}

type Bad = Exclude<StandingVerdict, { readonly kind: 'good' }>;

export function standingTrouble(verdict: Bad, standing: StandingName): StandingTrouble {
  return { message: messageFor(verdict, standing), fix: fixFor(verdict, standing) };
}

function messageFor(verdict: Bad, { name, domain, need }: StandingName): string {
  const at = `${relativeToRoot(name)} TXT`;
  if (verdict.kind === 'missing') return `there is no standing value at ${at}`;
  if (verdict.kind === 'issuer')
    return `the standing values at ${at} are for ${verdict.named.join(', ')}, and the CA goes by ${(need.issuers ?? []).join(', ')}`;
  if (verdict.kind === 'account')
    return `the standing value at ${at} is for another account: ${verdict.accounts.join(', ')}`;
  if (verdict.kind === 'narrow')
    return `the standing value at ${at} does not cover *.${relativeToRoot(domain)}: it lacks policy=wildcard`;
  return `the standing value at ${at} counts no more: its persistUntil was ${verdict.value.persistUntil?.toISOString() ?? ''}`;
}

function fixFor(verdict: Bad, { name, wanted }: StandingName): string {
  if (wanted === null) return 'run `delegated renew`: the CA says in an order which name it goes by';
  const end = verdict.kind === 'expired' ? verdict.value.persistUntil : null;
  if (end !== null && wanted.persistUntil?.getTime() === end.getTime()) return MOVE_END;
  return `publish ${relativeToRoot(name)} TXT ${txtText(standingText(wanted))}`;
}

export const MOVE_END =
  'move `challenge.persistUntil` of the site ahead, then `delegated sync`, or publish what `delegated records` prints then';
