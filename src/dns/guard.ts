import { DelegatedError } from '../errors.ts';
import type { DomainName } from './domain-name.ts';
import type { PlannedRecord } from './plan.ts';
import { isNullTarget, type SrvRRset } from './rrset.ts';

/** What DNS says of an SRV target. */
export type TargetFact =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'alias'; readonly target: DomainName }
  | { readonly kind: 'none' }
  /** Nobody could tell; that is neither good nor bad news. */
  | { readonly kind: 'unknown'; readonly error: DelegatedError };

/** The targets whose facts the guard needs: those of records that would be written. */
export function targetsToExamine(plan: readonly PlannedRecord[]): DomainName[] {
  const written = plan.flatMap(({ changes, after }) => (writesSrv(changes) && after !== null ? [after] : []));
  return [...new Set(written.flatMap((rrset) => rrset.values.map((data) => data.target)))];
}

/** Turns every step that could hurt into a refusal. The rest of the plan stays as it is. */
export function guard(
  plan: readonly PlannedRecord[],
  facts: ReadonlyMap<DomainName, TargetFact>,
): PlannedRecord[] {
  const judged = plan.map((step) => {
    const refusal = writesSrv(step.changes) && step.after !== null ? whyNotWrite(step.after, facts) : null;
    return refusal === null ? step : refuse(step, refusal);
  });
  // Only while a record of the same server name stands, or is about to, may another one go.
  const lives = judged.some((step) => step.after !== null && step.action !== 'refuse');
  return judged.map((step) =>
    step.action === 'delete' && step.before !== null && !lives ? refuse(step, wouldEmpty(step)) : step,
  );
}

function whyNotWrite(rrset: SrvRRset, facts: ReadonlyMap<DomainName, TargetFact>): DelegatedError | null {
  if (rrset.values.length === 0) return wouldEmpty(rrset);
  for (const data of rrset.values) {
    if (isNullTarget(data)) return wouldEmpty(rrset);
    const fact = facts.get(data.target);
    if (fact === undefined) continue;
    if (fact.kind === 'alias')
      return new DelegatedError(
        'E_TARGET_CNAME',
        `the SRV target ${data.target} is a CNAME to ${fact.target}`,
        {
          hint: `RFC 2782 forbids aliases and many servers reject them: use ${fact.target} as the target, or give ${data.target} A/AAAA records`,
        },
      );
    if (fact.kind === 'none')
      return new DelegatedError(
        'E_TARGET_ADDRESS',
        `the SRV target ${data.target} has neither A nor AAAA records`,
        {
          hint: 'publish its address first; until then nobody could reach the server through this record',
          retry: { kind: 'backoff' },
        },
      );
    if (fact.kind === 'unknown') return fact.error;
  }
  return null;
}

function writesSrv(changes: PlannedRecord['changes']): boolean {
  return changes.some((change) => change.op === 'put');
}

function refuse(step: PlannedRecord, refusal: DelegatedError): PlannedRecord {
  return { ...step, action: 'refuse', changes: [], refusal };
}

function wouldEmpty({ name }: { readonly name: DomainName }): DelegatedError {
  return new DelegatedError('E_WOULD_EMPTY', `${name} would be left without any usable SRV record`, {
    hint: 'an empty record set cuts the server off from federation; remove it by hand if that is what you want',
  });
}
