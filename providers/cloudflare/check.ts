import { relativeToRoot } from '../../src/dns/domain-name.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { CheckItem, Zone } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { type ApiZone, tokenState } from './answers.ts';
import { type Caller, asked } from './call.ts';
import { nameOf } from './convert.ts';
import { delegations } from './read-records.ts';
import { listZones } from './zones.ts';

/** Two requests for each, and 1,200 in five minutes for all. */
const MOST_ZONES = 20;
/** The form of an id, and nobody's. */
const NO_RECORD = '0'.repeat(32);

/** The token, the zones that it sees, and for each of them its state and our rights. */
export async function checkAccess(
  caller: Caller,
  account: string | undefined,
  signal: AbortSignal,
): Promise<CheckItem[]> {
  const token = await tokenItem(caller, account, signal);
  let zones: readonly ApiZone[] = [];
  const listed = await checkItem('the zones can be listed', async () => {
    zones = await listZones(caller, account, undefined, signal);
  });
  if (!listed.ok) return [token, listed];
  const tried = zones.slice(0, MOST_ZONES);
  const items = await Promise.all(tried.map((zone) => zoneItems(caller, zone, signal)));
  return [token, zonesItem(zones), ...items.flat()];
}

function zonesItem(zones: readonly ApiZone[]): CheckItem {
  if (zones.length === 0)
    return {
      ok: false,
      message: 'the token sees no zone',
      hint: 'give it Zone > Zone > Read, and the zones under "Zone Resources"',
    };
  const names = zones.slice(0, MOST_ZONES).map(({ name }) => name);
  const rest =
    zones.length > names.length ? `, and ${zones.length - names.length} more that are not looked at` : '';
  return { ok: true, message: `the token sees ${names.join(', ')}${rest}` };
}

/** A token belongs to a user or to an account, and each is verified elsewhere. */
async function tokenItem(
  caller: Caller,
  account: string | undefined,
  signal: AbortSignal,
): Promise<CheckItem> {
  let until = '';
  const item = await checkItem('', async () => {
    const { status, expires_on: end } = await verify('/user/tokens/verify').catch((error: unknown) => {
      const elsewhere = error instanceof DelegatedError && error.code === 'E_PROVIDER_AUTH';
      if (!elsewhere || account === undefined) throw error;
      return verify(`/accounts/${account}/tokens/verify`);
    });
    if (status !== 'active')
      throw new DelegatedError('E_PROVIDER_AUTH', `the token is ${status}`, { hint: 'make a new one' });
    until = end === undefined || end === null ? '' : ` until ${end}`;
  });
  return item.ok ? { ok: true, message: `the token is active${until}` } : item;

  async function verify(path: string): Promise<ReturnType<typeof tokenState.parse>> {
    const to = 'verify the token';
    const { result } = await caller.call({ to, send: (api, options) => api.get(path, options) }, signal);
    return parseAnswer(tokenState, result, asked({ to }));
  }
}

async function zoneItems(caller: Caller, found: ApiZone, signal: AbortSignal): Promise<CheckItem[]> {
  const name = nameOf(found);
  if (name === null) return [];
  const state = stateItem(found);
  if (found.type !== 'full') return [state];
  const zone: Zone = { id: found.id, name };
  const [reading, writing] = await Promise.all([
    delegationItem(caller, zone, signal),
    checkItem(`${found.name}: the token may edit DNS`, () => proveEdit(caller, zone, signal)),
  ]);
  return [state, reading, writing];
}

function stateItem({ name, type, status, paused }: ApiZone): CheckItem {
  if (type !== 'full')
    return {
      ok: false,
      message: `${name}: a ${type} zone, the world does not see what is written there`,
      hint: 'name the provider where the zone is written for its sites, or take this zone from the token',
    };
  if (status !== 'active')
    return {
      ok: false,
      message: `${name}: the zone is ${status}, Cloudflare is not in charge of it`,
      hint: 'let the registrar name the name servers that Cloudflare shows for the zone',
    };
  return { ok: true, message: `${name}: active${paused ? '; paused, which leaves DNS as it is' : ''}` };
}

/** At names with an underscore it can only be ours that are lost; any other may be as it should. */
async function delegationItem(caller: Caller, zone: Zone, signal: AbortSignal): Promise<CheckItem> {
  const apex = relativeToRoot(zone.name);
  let names: string[] = [];
  const item = await checkItem(`${apex}: the records can be read`, async () => {
    names = (await delegations(caller, zone, signal)).map(relativeToRoot);
  });
  if (!item.ok || names.length === 0) return item;
  const lost = names.filter((name) => name.startsWith('_'));
  const list = (lost.length > 0 ? lost : names).join(', ');
  if (lost.length === 0)
    return { ok: true, message: `${apex}: the records can be read; ${list} and below are served elsewhere` };
  return {
    ok: false,
    message: `${apex}: NS records at ${list} hand these names over to other name servers`,
    hint: 'what is written at or below them is seen by nobody; remove these NS records',
  };
}

/** Deletes a record that cannot exist: who may not edit is told so first. */
async function proveEdit(caller: Caller, zone: Zone, signal: AbortSignal): Promise<void> {
  const deletes = [{ id: NO_RECORD }];
  try {
    await caller.call(
      {
        to: `delete no record of ${relativeToRoot(zone.name)}`,
        send: (api, options) =>
          api.dns.records.batch({ zone_id: zone.id, deletes, patches: [], posts: [] }, options),
      },
      signal,
    );
  } catch (error) {
    if (!(error instanceof DelegatedError) || error.code !== 'E_PROVIDER_CONFLICT') throw error;
  }
}
