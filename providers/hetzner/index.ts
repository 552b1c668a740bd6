import { changedKey } from '../../src/dns/change.ts';
import { ancestry, parseDomainName, relativeToRoot } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError } from '../../src/errors.ts';
import type { Change, Ctx, DnsProvider, Receipt, Zone } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import { type HttpApi, type HttpRequest, createHttpApi } from '../floor/http-api.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { parseAnswer } from '../floor/parse-answer.ts';
import { plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import { partlyDone } from '../floor/partly-done.ts';
import { finished } from './action.ts';
import { type ApiZone, oneZone, startedAction, zoneList } from './answers.ts';
import { CAPABILITIES } from './capabilities.ts';
import { explain } from './explain.ts';
import type { HetznerOptions } from './options.ts';
import { VENDOR, readFound } from './read-rrsets.ts';
import { foundByKey, requestsFor } from './write-rrset.ts';

/** DNS in the Hetzner Cloud API, which replaces the DNS Console at dns.hetzner.com. */
export function createHetzner(options: HetznerOptions, deps: { readonly now: () => Date }): DnsProvider {
  const api = createHttpApi({
    vendor: VENDOR,
    baseUrl: options.baseUrl,
    authorize: () => ({ authorization: `Bearer ${options.apiToken}` }),
    secrets: [options.apiToken],
    explain,
    timeoutMs: options.timeout * 1_000,
    now: deps.now,
  });
  const queue = createQueue();

  return {
    capabilities: CAPABILITIES,
    check: async (ctx) => [
      await checkItem('the API token is good; whether it may write shows with the first change only', () =>
        listZones(api, undefined, ctx),
      ),
      await checkItem('the project of the token has a zone', async () => {
        if ((await listZones(api, undefined, ctx)).length === 0) throw noZone();
      }),
    ],
    async findZone(name, ctx) {
      // A top-level domain is nobody's zone here.
      for (const candidate of ancestry(name).filter((each) => relativeToRoot(each).includes('.'))) {
        const wanted = relativeToRoot(candidate);
        const zone = (await listZones(api, wanted, ctx)).find((each) => each.name.toLowerCase() === wanted);
        if (zone !== undefined) return primary(zone);
      }
      return null;
    },
    async zoneById(id, ctx) {
      const request = { to: `show the zone ${id}`, write: false };
      const path = `/zones/${encodeURIComponent(id)}`;
      const { status, json } = await api.send({ method: 'GET', path, accept: [404], ...request }, ctx.signal);
      return status === 404 ? null : primary(parseAnswer(oneZone, json, { vendor: VENDOR, ...request }).zone);
    },
    readRRsets: async (zone, keys, ctx) =>
      (await readFound(api, zone, keys, ctx)).map((found) => found?.rrset ?? null),
    apply: (zone, changes, ctx) => queue.run(zone.id, ctx.signal, () => apply(api, zone, changes, ctx)),
  };
}

async function apply(api: HttpApi, zone: Zone, changes: readonly Change[], ctx: Ctx): Promise<Receipt> {
  const keys = touchedKeys(zone, changes);
  const found = await readFound(api, zone, keys, ctx);
  const before = foundByKey(found);
  const whole = new Set(
    changes.flatMap((change) =>
      change.op === 'put' || change.op === 'delete' ? [keyText(changedKey(change))] : [],
    ),
  );
  const current = found.map((each) => each?.rrset ?? null);
  const requests = plannedChanges(keys, current, changes).flatMap((plan) => {
    const text = keyText(plan.key);
    return requestsFor(plan, before.get(text) ?? null, whole.has(text), zone);
  });
  // One after the other: while an action runs, the zone may be locked.
  for (const [index, request] of requests.entries()) {
    try {
      await write(api, request, ctx);
    } catch (error) {
      throw index === 0 ? error : partlyDone(error);
    }
  }
  return { changed: requests.length > 0 };
}

async function write(api: HttpApi, request: HttpRequest, ctx: Ctx): Promise<void> {
  const { json } = await api.send(request, ctx.signal);
  const { action } = parseAnswer(startedAction, json, { vendor: VENDOR, to: request.to, write: true });
  await finished(api, action, VENDOR, ctx);
}

async function listZones(
  api: HttpApi,
  name: string | undefined,
  { signal }: Ctx,
): Promise<readonly ApiZone[]> {
  const request = { to: name === undefined ? 'list the zones' : `find the zone ${name}`, write: false };
  const query = { name, per_page: name === undefined ? 1 : undefined };
  const { json } = await api.send({ method: 'GET', path: '/zones', query, ...request }, signal);
  return parseAnswer(zoneList, json, { vendor: VENDOR, ...request }).zones;
}

/** @throws DelegatedError E_PROVIDER_UNSUPPORTED for a zone that is copied from elsewhere */
function primary({ id, name, mode }: ApiZone): Zone {
  if (mode === 'primary') return { id: String(id), name: parseDomainName(name) };
  throw new DelegatedError('E_PROVIDER_UNSUPPORTED', `${name} is a ${mode} zone at ${VENDOR}`, {
    hint: 'a secondary zone is changed at its primary server: configure the provider that holds it',
  });
}

function noZone(): DelegatedError {
  return new DelegatedError('E_ZONE_NOT_FOUND', 'the project of the token has no zone', {
    hint: 'a token sees the zones of its own project only; create it in the project that holds them',
  });
}
