import { isWithin, under } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { CheckItem, Ctx, DomainName, RRset } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import type { PlannedChange } from '../floor/planned-changes.ts';
import { adjusted } from './adjusted.ts';
import type { Protocol } from './protocol.ts';
import { noZones } from './zones.ts';

/** @param zones those of the config */
export async function check(
  protocol: Protocol,
  zones: readonly DomainName[] | undefined,
  ctx: Ctx,
): Promise<CheckItem[]> {
  let known: readonly DomainName[] = zones ?? [];
  const items = [
    await checkItem('a webhook of external-dns answers, in version 1 of its protocol', async () => {
      const { include } = await protocol.negotiate(ctx);
      known = zones ?? include;
      if (known.length === 0) throw noZones();
      const outside = known.filter(
        (zone) => include.length > 0 && !include.some((each) => isWithin(zone, each)),
      );
      if (outside.length > 0)
        throw new DelegatedError(
          'E_ZONE_NOT_FOUND',
          `the webhook does not serve ${outside.join(', ')}, it serves ${include.join(', ')}`,
          { hint: 'correct the zones of this provider, or the domain filter of the webhook' },
        );
    }),
    await checkItem('its records can be read', () => protocol.records('show its records', ctx)),
  ];
  const [zone] = known;
  if (zone === undefined) return items;
  const name = under('_matrix-fed._tcp', zone);
  const sample: RRset = {
    name,
    type: 'SRV',
    ttl: 300,
    values: [{ priority: 10, weight: 0, port: 8448, target: under('matrix', zone) }],
  };
  const planned: PlannedChange = { key: sample, before: null, after: sample };
  return [
    ...items,
    await checkItem('it makes nothing else of an SRV record; the first write shows whether it keeps it', () =>
      adjusted(protocol, [planned], ctx),
    ),
  ];
}
