import { setTimeout as pause } from 'node:timers/promises';
import { isWithin, under } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import { DelegatedError, aborted } from '../../src/errors.ts';
import type { CheckItem, Ctx, DnsProvider, DomainName, RRset, RRsetKey } from '../../src/provider.ts';
import { checkItem } from '../floor/check-item.ts';
import { brokenAnswer } from '../floor/http-trouble.ts';
import { createQueue } from '../floor/one-at-a-time.ts';
import { type PlannedChange, plannedChanges, touchedKeys } from '../floor/planned-changes.ts';
import type { Endpoint } from './answers.ts';
import { CAPABILITIES } from './capabilities.ts';
import { byKey, fromEndpoints, targetsOf, toEndpoint } from './convert.ts';
import { endpointChanges, isEmpty, joined } from './endpoint-changes.ts';
import type { WebhookOptions } from './options.ts';
import { type Protocol, VENDOR, createProtocol } from './protocol.ts';
import { noZones, zoneOf } from './zones.ts';

export interface WebhookDeps {
  readonly now: () => Date;
  /** Milliseconds between the looks at what became of a write. */
  readonly looksAgainMs?: readonly number[];
}

/** Some vendors list a record a moment after they took it. */
const LOOKS_AGAIN_MS = [500, 2_000, 5_000];

/** The client of the webhook protocol of external-dns, version 1. */
export function createWebhook(options: WebhookOptions, deps: WebhookDeps): DnsProvider {
  const protocol = createProtocol(options, deps.now);
  const queue = createQueue();

  return {
    capabilities: CAPABILITIES,
    check: (ctx) => check(protocol, options.zones, ctx),
    async findZone(name, ctx) {
      const zone = zoneOf(name, options.zones, await protocol.negotiate(ctx));
      return zone === null ? null : { id: zone, name: zone };
    },
    async readRRsets(zone, keys, ctx) {
      if (keys.length === 0) return [];
      return rrsetsIn(await protocol.records(`show the records of ${zone.name}`, ctx), keys);
    },
    async apply(zone, changes, ctx) {
      const keys = touchedKeys(zone, changes);
      // One queue for all zones: the webhook has one list, and some of them replace what they think is in it.
      return queue.run('', ctx.signal, async () => {
        if (keys.length === 0) return { changed: false };
        const current = await protocol.records(`show ${keys.map(keyText).join(', ')}`, ctx);
        const planned = plannedChanges(keys, rrsetsIn(current, keys), changes);
        const adjusted = await adjust(protocol, planned, ctx);
        const before = byKey(current);
        const wanted = joined(
          planned.map(({ key }) =>
            endpointChanges(key, before.get(keyText(key)) ?? [], adjusted.get(keyText(key)) ?? null),
          ),
        );
        if (isEmpty(wanted)) return { changed: false };
        await protocol.change(wanted, `change ${planned.map(({ key }) => keyText(key)).join(', ')}`, ctx);
        await afterWrite(() => lookAt(protocol, planned, deps.looksAgainMs ?? LOOKS_AGAIN_MS, ctx));
        return { changed: true };
      });
    },
  };
}

function rrsetsIn(list: readonly Endpoint[], keys: readonly RRsetKey[]): (RRset | null)[] {
  const found = byKey(list);
  return keys.map((key) => {
    const alias = found.get(`${key.name} CNAME`);
    if (alias !== undefined) throw cname(key, alias);
    const rrset = fromEndpoints(key, found.get(keyText(key)) ?? []);
    if (rrset === undefined)
      throw brokenAnswer({ vendor: VENDOR, to: `show ${keyText(key)}`, write: false }, 'unreadable records');
    return rrset;
  });
}

/** What the vendor would make of each RRset that is to stand, by its key. */
async function adjust(
  protocol: Protocol,
  planned: readonly PlannedChange[],
  ctx: Ctx,
): Promise<ReadonlyMap<string, Endpoint>> {
  const wanted = planned.flatMap(({ after }) => (after === null ? [] : [after]));
  if (wanted.length === 0) return new Map();
  const found = byKey(await protocol.adjust(wanted.map(toEndpoint), ctx));
  return new Map(
    wanted.map((rrset) => {
      const answered = found.get(keyText(rrset)) ?? [];
      const [first] = answered;
      const made = fromEndpoints(rrset, answered);
      if (first === undefined || made === undefined || made === null || !holds(made, rrset))
        throw unsupported(rrset, 'makes something else of it before it is written');
      return [keyText(rrset), { ...first, targets: answered.flatMap(({ targets }) => targets ?? []) }];
    }),
  );
}

/** A webhook that drops what it does not know answers that all is well. */
async function lookAt(
  protocol: Protocol,
  planned: readonly PlannedChange[],
  pausesMs: readonly number[],
  ctx: Ctx,
): Promise<void> {
  const keys = planned.map(({ key }) => key);
  for (const pauseMs of [...pausesMs, null]) {
    const seen = rrsetsIn(await protocol.records('show what it changed', ctx), keys);
    const lost = planned.find(({ after }, index) => !stuck(seen[index] ?? null, after));
    if (lost === undefined) return;
    if (pauseMs === null)
      throw lost.after === null
        ? unsupported(lost.key, 'still shows it after it was to remove it')
        : unsupported(lost.key, 'took it and does not show it');
    await pause(pauseMs, undefined, { signal: ctx.signal }).catch(() => {
      throw aborted(ctx.signal);
    });
  }
}

/** Whatever goes wrong now, something was written. */
async function afterWrite(look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!(error instanceof DelegatedError)) throw error;
    const { code, message, hint, retry } = error;
    throw new DelegatedError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      retry,
      outcome: 'unknown',
      cause: error,
    });
  }
}

function stuck(seen: RRset | null, after: RRset | null): boolean {
  return after === null ? seen === null : seen !== null && holds(seen, after);
}

/** All the values are there; another writer's may be as well. */
function holds(seen: RRset, wanted: RRset): boolean {
  const targets = targetsOf(seen);
  return targetsOf(wanted).every((target) => targets.includes(target));
}

async function check(
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
      adjust(protocol, [planned], ctx),
    ),
  ];
}

function unsupported(key: RRsetKey, does: string): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNSUPPORTED', `${keyText(key)}: ${VENDOR} ${does}`, {
    hint: `this webhook, or the version that runs, has no support for ${key.type} records: ask those who made it`,
  });
}

function cname({ name }: RRsetKey, alias: readonly Endpoint[]): DelegatedError {
  return new DelegatedError(
    'E_RECORD_CNAME',
    `${name} is a CNAME to ${alias.flatMap(({ targets }) => targets ?? []).join(', ')}`,
    { hint: 'remove the CNAME, or let the record live where it points' },
  );
}
