import { relativeToRoot } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { DomainName } from '../../src/provider.ts';

/** For a name at which a CNAME stands, which is neither an RRset of ours nor the absence of one. */
export function aliasFound(name: DomainName, target: string): DelegatedError {
  return new DelegatedError('E_RECORD_CNAME', `${relativeToRoot(name)} is a CNAME to ${target}`, {
    hint: 'remove the CNAME, or let the record live where it points',
  });
}
