import type { CheckItem, Ctx } from '../../src/provider.ts';
import { DelegatedError } from '../../src/errors.ts';
import { checkItem } from '../floor/check-item.ts';
import { grantedPermissions, rrsetPage, zonePage } from './answers.ts';
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
    if (seen.ok) items.push(await rights(client, id, ctx));
  }
  return items;
}

async function rights(client: Client, id: string, ctx: Ctx): Promise<CheckItem> {
  const granted = await permissions(client, id, ctx);
  if (granted === null)
    return checkItem(`records of the zone ${id} may be read; Google does not say whether changed`, () =>
      client.ask({ to: `show the zone ${id}`, signal: ctx.signal }, rrsetPage, (dns) =>
        dns.zone(id).getRecords({ maxResults: 1, autoPaginate: false }),
      ),
    );
  const missing = PERMISSIONS.filter((each) => !granted.includes(each));
  if (missing.length === 0) return { ok: true, message: `records of the zone ${id} may be read and changed` };
  return {
    ok: false,
    message: `on the zone ${id} these rights are missing: ${missing.join(', ')}`,
    hint: 'grant a role with them on the zone; the README of this provider type shows one',
  };
}

/**
 * https://docs.cloud.google.com/dns/docs/reference/rest/v1/managedZones/testIamPermissions (verified 2026-11). Another page
 * wants dns.managedZones.list for it, which who has rights on the zone alone has not: null then.
 */
async function permissions(client: Client, id: string, { signal }: Ctx): Promise<readonly string[] | null> {
  try {
    const answer = await client.ask(
      { to: `show our rights on the zone ${id}`, signal },
      grantedPermissions,
      (dns) =>
        dns
          .zone(id)
          .request({ method: 'POST', uri: ':testIamPermissions', json: { permissions: PERMISSIONS } }),
    );
    return answer.permissions;
  } catch (error) {
    if (error instanceof DelegatedError && error.code === 'E_PROVIDER_FORBIDDEN') return null;
    throw error;
  }
}
