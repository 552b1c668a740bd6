import { relativeToRoot } from '../dns/domain-name.ts';
import type { DiscoveryTrouble } from '../matrix/discovery.ts';
import { type Finding, finding, merged } from './finding.ts';
import type { ServerSight } from './sight.ts';

/** Why DNS leads peers nowhere, or not all of them. */
export function diagnoseTrouble({ discovery }: ServerSight): Finding[] {
  const findings = discovery.trouble.map((trouble): Finding => {
    if ('bogus' in trouble && trouble.bogus) return bogusFinding(trouble);
    switch (trouble.kind) {
      case 'srv-unknown':
        return finding(
          'SRV_UNANSWERED',
          `The question for ${relativeToRoot(trouble.name)} SRV gets no usable answer, so Synapse servers do not federate with you.`,
          'make the name servers of the zone answer for that name, be it that it does not exist (NXDOMAIN); look at forwarders and firewalls if they say SERVFAIL',
          [trouble.why],
        );
      case 'srv-unavailable':
        return finding(
          'SRV_NOT_AVAILABLE',
          `${relativeToRoot(trouble.name)} has the target ".", which says that there is no such service.`,
          'point it to the host that runs the homeserver, or remove the record',
        );
      case 'no-address':
        return finding(
          'NO_ADDRESS',
          `${relativeToRoot(trouble.host)}${trouble.srv ? ', the SRV target,' : ''} has no A and no AAAA record.`,
          `publish an A or AAAA record for ${relativeToRoot(trouble.host)}`,
        );
      case 'address-unknown':
        break;
    }
    return finding(
      'ADDRESS_UNANSWERED',
      `The addresses of ${relativeToRoot(trouble.host)} cannot be found out.`,
      'make the name servers of its zone answer',
      [trouble.why],
    );
  });
  return merged(findings);
}

function bogusFinding(trouble: Extract<DiscoveryTrouble, { readonly why: string }>): Finding {
  const name = relativeToRoot(trouble.kind === 'srv-unknown' ? trouble.name : trouble.host);
  return finding(
    'DNSSEC_BOGUS',
    'Resolvers that validate DNSSEC refuse to answer for this server, because its signatures do not hold.',
    'sign the zone anew, or correct the DS record at the registrar; without one the zone counts as unsigned, which is fine',
    [`${name}: ${trouble.why}`],
  );
}
