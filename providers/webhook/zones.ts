import { isWithin, parseDomainName } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { DomainName } from '../../src/provider.ts';
import { deepestZone } from '../floor/deepest-zone.ts';

/** What a webhook says that it serves. */
export interface Served {
  readonly include: readonly DomainName[];
  readonly exclude: readonly DomainName[];
}

interface Filter {
  readonly filters?: readonly string[] | null | undefined;
  readonly include?: readonly string[] | null | undefined;
  readonly exclude?: readonly string[] | null | undefined;
}

/** A filter `.example.org` means the names below it. */
export function servedBy({ filters, include, exclude }: Filter): Served {
  return { include: names([...(include ?? []), ...(filters ?? [])]), exclude: names(exclude ?? []) };
}

/**
 * The protocol has no zones but a filter of names, and the deepest that fits stands in for one.
 * @throws DelegatedError E_PROVIDER_UNSUPPORTED when neither the webhook nor the config names any
 */
export function zoneOf(
  name: DomainName,
  zones: readonly DomainName[] | undefined,
  served: Served,
): DomainName | null {
  const known = zones ?? served.include;
  if (known.length === 0) throw noZones();
  const zone = deepestZone(
    name,
    known.map((each) => ({ name: each })),
  );
  if (zone === null) return null;
  const excluded = served.exclude.some((each) => isWithin(name, each) && isWithin(each, zone.name));
  return excluded ? null : zone.name;
}

export function noZones(): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNSUPPORTED', 'the webhook announces no domain that it serves', {
    hint: 'name the zones in the settings of this provider, `zones: [example.org]`, or set the domain filter of the webhook',
  });
}

/** Without those that are no names; empty ones mean nothing to external-dns either. */
function names(texts: readonly string[]): DomainName[] {
  return texts.flatMap((text) => {
    try {
      return [parseDomainName(text.trim().replace(/^\./, ''))];
    } catch {
      return [];
    }
  });
}
