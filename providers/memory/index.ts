import { changedKey } from '../../src/dns/change.ts';
import { isWithin } from '../../src/dns/domain-name.ts';
import { keyText, presentation, sameRRset } from '../../src/dns/rrset.ts';
import { BACKOFF, DelegatedError, aborted } from '../../src/errors.ts';
import { PROMISES } from './capabilities.ts';
import type {
  Capabilities,
  Change,
  Ctx,
  DnsProvider,
  DomainName,
  RRset,
  RRsetKey,
  TxtRRset,
  Zone,
} from '../../src/provider.ts';

export type MemoryCall = 'check' | 'findZone' | 'readRRsets' | 'apply';

export interface MemoryOptions {
  readonly zones: readonly DomainName[];
  /** What it promises, and keeps; by default the most that the contract knows. */
  readonly promises?: Partial<Omit<Capabilities, 'propagation'>>;
  /** Runs before each call: throws, waits or writes, as a vendor or another writer would. */
  readonly before?: (call: MemoryCall) => Promise<void> | void;
}

/** The contract, literally; every other provider must equal it. */
export interface MemoryProvider extends DnsProvider {
  /** All that is stored, `NAME TTL IN TYPE RDATA`, sorted. */
  snapshot(): string[];
  /** Another writer's hand: stores the RRset, whatever was there. */
  write(rrset: RRset): void;
  erase(key: RRsetKey): void;
  /** Puts a CNAME at the name. */
  alias(name: DomainName, target: DomainName): void;
}

type Store = Map<string, RRset>;

export function createMemory(options: MemoryOptions): MemoryProvider {
  let store: Store = new Map();
  const aliases = new Map<DomainName, DomainName>();
  const capabilities: Capabilities = {
    types: ['SRV', 'TXT'],
    reads: true,
    ...PROMISES,
    ...options.promises,
    propagation: { typicalMs: 0, maxMs: 0 },
  };

  async function enter(call: MemoryCall, { signal }: Ctx): Promise<void> {
    if (signal.aborted) throw aborted(signal);
    const fault = options.before?.(call);
    if (fault !== undefined) await untilAborted(fault, signal);
  }

  function mustHold({ name }: { readonly name: DomainName }, zone: Zone): void {
    const deepest = deepestZone(name, options.zones);
    if (deepest !== zone.name)
      throw new DelegatedError(
        'E_ZONE_NOT_FOUND',
        `${name} lies in ${deepest ?? 'no zone'}, not in ${zone.name}`,
      );
    const target = aliases.get(name);
    if (target !== undefined)
      throw new DelegatedError('E_RECORD_CNAME', `${name} is a CNAME to ${target}`, {
        hint: 'remove the CNAME',
      });
  }

  return {
    capabilities,
    async check(ctx) {
      await enter('check', ctx);
      return options.zones.map((zone) => ({ ok: true, message: `the zone ${zone} may be changed` }));
    },
    async findZone(name, ctx) {
      await enter('findZone', ctx);
      const zone = deepestZone(name, options.zones);
      return zone === null ? null : { id: zone, name: zone };
    },
    async readRRsets(zone, keys, ctx) {
      await enter('readRRsets', ctx);
      if (!capabilities.reads) throw unsupported('it cannot be read');
      return keys.map((key) => {
        mustHold(key, zone);
        return store.get(keyText(key)) ?? null;
      });
    },
    async apply(zone, changes, ctx) {
      await enter('apply', ctx);
      mustKnow(changes, capabilities);
      let next = new Map(store);
      let changed = false;
      for (const change of changes) {
        try {
          mustHold(changedKey(change), zone);
          changed = applyChange(next, change, capabilities.cas) || changed;
        } catch (error) {
          throw changed && capabilities.atomic !== 'changes' ? partly(error) : error;
        }
        if (capabilities.atomic === 'changes') continue;
        store = next;
        next = new Map(store);
      }
      store = next;
      return { changed };
    },
    snapshot: () =>
      [
        ...[...store.values()].flatMap((rrset) =>
          presentation(rrset).map((rdata) => `${rrset.name} ${rrset.ttl} IN ${rrset.type} ${rdata}`),
        ),
        ...[...aliases].map(([name, target]) => `${name} 0 IN CNAME ${target}`),
      ].sort(),
    write: (rrset) => void store.set(keyText(rrset), rrset),
    erase: (key) => void store.delete(keyText(key)),
    alias: (name, target) => void aliases.set(name, target),
    close: () => Promise.resolve(),
  };
}

/** Changes the store. @returns whether anything is different now @throws DelegatedError E_PROVIDER_CONFLICT */
function applyChange(store: Store, change: Change, cas: Capabilities['cas']): boolean {
  const key = keyText(changedKey(change));
  const before = store.get(key);
  const after = outcome(before, change, cas);
  if (after === undefined) store.delete(key);
  else store.set(key, after);
  return before === undefined || after === undefined ? before !== after : !sameRRset(before, after);
}

function mustKnow(changes: readonly Change[], { types, reads }: Capabilities): void {
  for (const change of changes) {
    const { type } = changedKey(change);
    if (!types.includes(type)) throw unsupported(`it holds no ${type} records`);
    if (!reads && (change.op === 'put' || change.op === 'delete'))
      throw unsupported('it cannot compare, since it cannot be read');
  }
}

function unsupported(why: string): DelegatedError {
  return new DelegatedError('E_PROVIDER_UNSUPPORTED', why, {
    hint: 'use it for challenges only: `challenge: { provider: … }` of the site',
  });
}

function outcome(before: RRset | undefined, change: Change, cas: Capabilities['cas']): RRset | undefined {
  switch (change.op) {
    case 'put':
      demand(before, change.expect === 'absent' ? undefined : change.expect, cas, change);
      return change.rrset;
    case 'delete':
      demand(before, change.rrset, cas, change);
      return undefined;
    case 'add':
      return withValues(before, change, [...new Set([...textValues(before), ...change.values])]);
    case 'remove':
      return withValues(
        before,
        change,
        textValues(before).filter((value) => !change.values.includes(value)),
      );
    default:
      return change satisfies never;
  }
}

function demand(
  before: RRset | undefined,
  expected: RRset | undefined,
  cas: Capabilities['cas'],
  change: Change,
): void {
  if (cas === 'none' || (cas === 'create-only' && expected !== undefined)) return;
  const holds =
    before === undefined || expected === undefined ? before === expected : sameRRset(before, expected);
  if (holds) return;
  throw new DelegatedError(
    'E_PROVIDER_CONFLICT',
    `${keyText(changedKey(change))} is not what was read before`,
    {
      hint: 'somebody else writes the same records; the next run reads them again',
      retry: BACKOFF,
    },
  );
}

function partly(error: unknown): unknown {
  if (!(error instanceof DelegatedError)) return error;
  const { code, message, hint, retry } = error;
  return new DelegatedError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    retry,
    outcome: 'partial',
  });
}

function textValues(rrset: RRset | undefined): readonly string[] {
  return rrset?.type === 'TXT' ? rrset.values : [];
}

function withValues(
  before: RRset | undefined,
  change: { readonly name: DomainName; readonly ttl: number },
  values: readonly string[],
): TxtRRset | undefined {
  return values.length === 0
    ? undefined
    : { name: change.name, type: 'TXT', ttl: before?.ttl ?? change.ttl, values };
}

function deepestZone(name: DomainName, zones: readonly DomainName[]): DomainName | null {
  return zones.filter((zone) => isWithin(name, zone)).sort((a, b) => b.length - a.length)[0] ?? null;
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = deferred();
  const onAbort = (): void => reject(aborted(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function deferred(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: ((error: Error) => void) | undefined;
  const promise = new Promise<never>((_, fail) => (reject = fail));
  return { promise, reject: (error) => reject?.(error) };
}
