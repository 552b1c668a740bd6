import { DelegatedError } from '../../src/errors.ts';
import type { CheckItem, Ctx, Zone } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import type { Link } from './link.ts';
import { readRecords } from './records.ts';
import { anyHostedZone, hostedZone } from './zones.ts';

/** Whether records may be changed shows itself when one is: the API has no trial run. */
export async function checkRights(
  link: Link,
  hostedZoneId: string | undefined,
  ctx: Ctx,
): Promise<CheckItem[]> {
  const found: Zone[] = [];
  const seen = await checkItem(
    hostedZoneId === undefined
      ? 'the credentials are good, and may list the hosted zones'
      : `the credentials are good, and show the hosted zone ${hostedZoneId}`,
    async () => {
      const zone =
        hostedZoneId === undefined
          ? await anyHostedZone(link, ctx)
          : await hostedZone(link, hostedZoneId, ctx);
      if (zone === null) throw none(hostedZoneId);
      found.push(zone);
    },
  );
  const reads = found.map((zone) =>
    checkItem(`they may read the records of ${zone.name} (${zone.id})`, () =>
      readRecords(link, zone, [{ name: zone.name, type: 'TXT' }], ctx),
    ),
  );
  return [seen, ...(await Promise.all(reads))];
}

function none(hostedZoneId: string | undefined): DelegatedError {
  return hostedZoneId === undefined
    ? new DelegatedError('E_ZONE_NOT_FOUND', 'these credentials see no public hosted zone', {
        hint: 'check that they are of the account that has the zone',
      })
    : new DelegatedError('E_ZONE_NOT_FOUND', `there is no hosted zone ${hostedZoneId}`, {
        hint: 'the AWS console shows the id beside the name of the zone',
      });
}
