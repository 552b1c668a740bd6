/** May the configured CA issue for the names of a site, in the way that we ask it to? */
import { type CaaProperty, type CaaQuestion, judgeCaa } from './acme/caa.ts';
import type { Directory } from './acme/directory.ts';
import { type DomainName, ancestry, isWildcard, relativeToRoot, withoutWildcard } from './dns/domain-name.ts';
import { DelegatedError } from './errors.ts';
import { type Condition, condition } from './health/finding.ts';
import { type LookupPorts, ask } from './lookup.ts';
import type { Ctx } from './ports.ts';

/** The CA, and what we are to it. */
export interface Applicant {
  readonly directoryUrl: string;
  readonly directory: Directory;
  /** URL; null: there is no account yet. */
  readonly account: string | null;
}

interface RelevantSet {
  readonly at: DomainName;
  readonly properties: readonly CaaProperty[];
}

export async function examineCaa(
  name: DomainName,
  applicant: Applicant,
  method: CaaQuestion['method'],
  ports: LookupPorts,
  ctx: Ctx,
): Promise<Condition[]> {
  try {
    const found = await relevantSet(withoutWildcard(name), ports, ctx);
    return found === null ? [] : judged(name, found, applicant, method);
  } catch (error) {
    if (!(error instanceof DelegatedError) || error.code !== 'E_DNS_UNANSWERED') throw error;
    return [
      condition(
        'CAA_UNANSWERED',
        `nobody answers whether ${relativeToRoot(name)} has CAA records, and a CA that gets no answer does not issue`,
        'repair the name server that answers SERVFAIL or nothing for CAA, or its DNSSEC',
        [error.message],
      ),
    ];
  }
}

/** RFC 8659 §3: the closest name, from the name up, that has any. A resolver has followed aliases already. */
async function relevantSet(name: DomainName, ports: LookupPorts, ctx: Ctx): Promise<RelevantSet | null> {
  for (const at of ancestry(name)) {
    const { answers } = await ask({ name: at, type: 'CAA' }, ports, ctx);
    const properties = answers.flatMap((record) => (record.type === 'CAA' ? [record.data] : []));
    if (properties.length > 0) return { at, properties };
  }
  return null;
}

function judged(
  name: DomainName,
  { at, properties }: RelevantSet,
  { directoryUrl, directory, account }: Applicant,
  method: CaaQuestion['method'],
): Condition[] {
  const evidence = properties.map(
    ({ critical, tag, value }) =>
      `${relativeToRoot(at)} CAA ${critical ? 128 : 0} ${tag} ${JSON.stringify(value)}`,
  );
  const whose = relativeToRoot(name);
  const [identity] = directory.caaIdentities ?? [];
  const identities = directory.caaIdentities ?? [];
  const question = { identities, account, method, wildcard: isWildcard(name) };
  const verdict = judgeCaa(properties, question);
  if (verdict.kind === 'allowed') return [];
  if (verdict.kind === 'critical')
    return [
      condition(
        'CAA_CRITICAL',
        `the CAA records for ${whose} have the critical property "${verdict.tag}", so no CA may issue`,
        'correct the name of the property, or take the flag 128 away',
        evidence,
      ),
    ];
  if (verdict.kind === 'issuer' && identity === undefined)
    return [
      condition(
        'CAA_NOT_COMPARED',
        `${whose} has CAA records, and ${directoryUrl} does not say which name it goes by`,
        'look in the documents of the CA for the name that its CAA records have to have',
        evidence,
      ),
    ];
  if (verdict.kind === 'issuer')
    return [
      condition(
        'CAA_ISSUER',
        `the CAA records for ${whose} do not let ${identity} issue${verdict.named.length === 0 ? '' : `, but ${verdict.named.join(', ')}`}`,
        `add ${relativeToRoot(at)} CAA 0 ${isWildcard(name) ? 'issuewild' : 'issue'} "${identity}"`,
        evidence,
      ),
    ];
  if (verdict.kind === 'method')
    return [
      condition(
        'CAA_METHOD',
        `the CAA records for ${whose} allow ${verdict.methods.join(', ')}, and not ${method}`,
        `add ${method} to validationmethods`,
        evidence,
      ),
    ];
  return [
    condition(
      'CAA_ACCOUNT',
      `the CAA records for ${whose} are for another account than ${account ?? 'the one that the first order will make'}`,
      account === null
        ? 'take accounturi away for the first order, or bring the account of another machine along'
        : `write accounturi=${account}`,
      evidence,
    ),
  ];
}
