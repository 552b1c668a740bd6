// How many requests an adapter needs for the records of 1, 100 and 1,000 sites of one zone. Part of `npm run bench`.
import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { fenceAround, recordKeys } from '../../src/dns/fence.ts';
import { ownershipMark } from '../../src/dns/ownership.ts';
import { readSights } from '../../src/read-sights.ts';
import { createSystemClock } from '../../src/io/clock.ts';
import type { Change } from '../../src/provider.ts';
import { zoneAccess } from '../../src/zone-access.ts';
import { type ConformanceTarget, srv, testCtx } from '../conformance/target.ts';
import { startHttpRelay } from '../support/http-relay.ts';

export interface Calls {
  readonly sites: number;
  readonly read: number;
  readonly write: number;
}

const SIZES = [1, 100, 1_000];
const TARGET = parseDomainName('matrix.example.net');
const LONG_MS = 300_000;

/** Reads and writes the SRV record and the mark of so many sites through the real path, and counts what goes over HTTP. */
export async function countCalls(setup: () => Promise<ConformanceTarget>): Promise<readonly Calls[]> {
  const counted: Calls[] = [];
  for (const sites of SIZES) {
    const target = await setup();
    const { http } = target;
    if (http === undefined) throw new Error('not an adapter over HTTP');
    const relay = await startHttpRelay(http.upstream);
    const provider = http.open(relay.url);
    try {
      const ctx = testCtx(AbortSignal.timeout(LONG_MS));
      const access = zoneAccess(provider, createSystemClock());
      const zone = await access.findZone(target.zone, ctx);
      if (zone === null) throw new Error('no zone');
      const names = Array.from({ length: sites }, (_, index) =>
        under(`_matrix-fed._tcp.s${index}`, zone.name),
      );
      const ttl = Math.max(provider.capabilities.ttl.min, 300);
      const spent = async (work: () => Promise<unknown>): Promise<number> => {
        const before = relay.requests.length;
        await work();
        return relay.requests.length - before;
      };
      const read = await spent(() => readSights(access, zone, names, ctx));
      const changes = names.flatMap((name): Change[] => [
        {
          op: 'put',
          rrset: srv(name, [{ priority: 10, weight: 5, port: 8448, target: TARGET }], ttl),
          expect: 'absent',
        },
        { op: 'add', name, type: 'TXT', ttl, values: [ownershipMark('bench')] },
      ]);
      const write = await spent(() => access.write(zone, changes, fenceAround(recordKeys(names)), ctx));
      counted.push({ sites, read, write });
    } finally {
      await provider.close?.();
      await relay.stop();
      await target.provider.close?.();
      await target.stop();
    }
  }
  return counted;
}
