import type { CheckItem, Ctx } from '../../src/provider.ts';
import { DelegatedError } from '../../src/errors.ts';
import { checkItem } from '../floor/check-item.ts';
import { grantedPermissions, zonePage } from './answers.ts';
import type { GoogleOptions } from './options.ts';
import { PERMISSIONS } from './policy.ts';
import type { Client } from './transport.ts';
import { mustHave, usable } from './zones.ts';

/** Where zones are named, each and our rights on it; otherwise whether the project lists any. Changes nothing. */
export async function check(client: Client, { zone }: GoogleOptions, ctx: Ctx): Promise<CheckItem[]> {
  if (zone === undefined)
    return [
      await checkItem('the credentials are good, and may list the zones of the project', () =>
        client.ask({ to: 'list the zones', signal: ctx.signal }, zonePage, (dns) =>
          dns.getZones({ maxResults: 1, autoPaginate: false }),
        ),
      ),
    ];
  const items: CheckItem[] = [];
  for (const id of zone) {
    const seen = await checkItem(`the credentials are good, and see the zone ${id}`, async () =>
      usable(await mustHave(client, id, ctx)),
    );
    items.push(seen);
    if (seen.ok)
      items.push(
        await checkItem(`records of the zone ${id} may be read and changed`, () => rights(client, id, ctx)),
      );
  }
  return items;
}

/** https://docs.cloud.google.com/dns/docs/reference/v1/managedZones/testIamPermissions (verified 2026-11). */
async function rights(client: Client, id: string, { signal }: Ctx): Promise<void> {
  const { permissions } = await client.ask(
    { to: `show our rights on the zone ${id}`, signal },
    grantedPermissions,
    (dns) =>
      dns
        .zone(id)
        .request({ method: 'POST', uri: ':testIamPermissions', json: { permissions: PERMISSIONS } }),
  );
  const missing = PERMISSIONS.filter((each) => !permissions.includes(each));
  if (missing.length > 0)
    throw new DelegatedError(
      'E_PROVIDER_FORBIDDEN',
      `on the zone ${id} these are missing: ${missing.join(', ')}`,
      {
        hint: 'grant a role with them on the zone; `delegated provider policy` shows how',
      },
    );
}
