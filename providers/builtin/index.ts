import { join } from 'node:path';
import { isWithin } from '../../src/dns/domain-name.ts';
import { keyText } from '../../src/dns/rrset.ts';
import type { CheckItem, Ctx, DnsProvider, Log } from '../../src/provider.ts';
import { DelegatedError } from '../../src/errors.ts';
import { applyChanges, mustHold } from './apply-changes.ts';
import { type Authority, authorityOf, zoneOf } from './authority.ts';
import { CAPABILITIES } from './capabilities.ts';
import { createListener, type Listener } from './listener.ts';
import type { BuiltinOptions } from './options.ts';
import { respond } from './respond.ts';
import { createServing } from './serving.ts';
import { createZoneStore, type ZoneStore } from './zone-store.ts';

export interface BuiltinDeps {
  /** Absolute path; the zones lie in `builtin/NAME.json` below it. */
  readonly stateDirectory: string;
  /** The provider's name in the config. */
  readonly name: string;
  readonly log: Log;
  readonly now: () => Date;
  /** In the place of the sockets. */
  readonly listener?: Listener;
}

export type BuiltinProvider = DnsProvider & Required<Pick<DnsProvider, 'listen' | 'close'>>;

/**
 * A name server inside this process, for zones that are delegated to it and that nobody else serves. It serves from
 * the first call on; what is stored outlives the process.
 */
export function createBuiltin(options: BuiltinOptions, deps: BuiltinDeps): BuiltinProvider {
  const authority = authorityOf(options);
  const store = createZoneStore(zoneFile(deps));
  const read = reporting(store, deps.log);
  const { zones } = authority;
  const serving = createServing({
    addresses: options.listen,
    listener:
      deps.listener ??
      createListener(options.listen, (octets, transport) => respond(octets, transport, authority, read)),
    zone: zones[0],
    serial: () => store.read().serial,
    log: deps.log,
  });

  return {
    capabilities: CAPABILITIES,
    async check({ signal }) {
      const listens = await checked(
        () => serving.ensure(signal),
        () => serving.check(signal),
      );
      const writes = await checked(
        () => store.rehearse(signal),
        async () => [{ ok: true, message: `${zoneFile(deps)} can be written` }],
      );
      return [...listens, ...writes, ...addressItems(authority)];
    },
    async findZone(name, { signal }) {
      await serving.ensure(signal);
      const zone = zoneOf(name, zones);
      return zone === null ? null : { id: zone, name: zone };
    },
    async readRRsets(zone, keys, { signal }) {
      await serving.ensure(signal);
      const data = store.read();
      return keys.map((key) => {
        mustHold(data, key, zone, zones);
        return data.rrsets.get(keyText(key)) ?? null;
      });
    },
    async apply(zone, changes, { signal, changeId }) {
      await serving.ensure(signal);
      const changed = await store.change((data) => {
        const after = applyChanges(data, zone, changes, zones);
        return after === data ? data : { ...after, serial: nextSerial(data.serial, deps.now()) };
      }, signal);
      deps.log.debug('the zones of the built-in name server are written', { changeId, changed });
      return { changed };
    },
    listen: ({ signal }: Ctx) => serving.ensure(signal),
    async close() {
      await serving.close();
      store.close();
    },
  };
}

function zoneFile({ stateDirectory, name }: BuiltinDeps): string {
  return join(stateDirectory, 'builtin', `${encodeURIComponent(name)}.json`);
}

/** A zone that cannot be read is SERVFAIL to the world; to us it is told once, not once per query. */
function reporting(store: ZoneStore, log: Log): ZoneStore['read'] {
  let told = false;
  return () => {
    try {
      const data = store.read();
      told = false;
      return data;
    } catch (error) {
      if (!told && error instanceof DelegatedError)
        log.error(error.message, { code: error.code, hint: error.hint });
      told = true;
      throw error;
    }
  };
}

/** Grows by one at least, and says when, as far as a serial can. */
function nextSerial(serial: number, now: Date): number {
  return Math.max(serial + 1, Math.floor(now.getTime() / 1000));
}

async function checked(prove: () => Promise<void>, found: () => Promise<CheckItem[]>): Promise<CheckItem[]> {
  try {
    await prove();
    return await found();
  } catch (error) {
    if (!(error instanceof DelegatedError) || error.code === 'E_ABORTED') throw error;
    return [{ ok: false, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }];
  }
}

/** Glue in the parent zone is enough for most resolvers; some ask for the addresses again, here. */
function addressItems({ hostnames, zones, addresses }: Authority): CheckItem[] {
  return hostnames
    .filter((host) => zones.some((zone) => isWithin(host, zone)) && !addresses.has(host))
    .map((host) => ({
      ok: true,
      message: `${host} lies in a zone that is served here and has no address in it`,
      hint: 'list its public addresses in `addresses`, and as glue where the zone is delegated',
    }));
}
