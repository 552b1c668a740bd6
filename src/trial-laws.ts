/** The laws of the provider contract that can be tried on a zone that is in use, one after the other. */
import type { Change } from './dns/change.ts';
import { type DomainName, parseDomainName } from './dns/domain-name.ts';
import {
  type RRset,
  type RRsetKey,
  type SrvData,
  type SrvRRset,
  presentation,
  sameRRset,
} from './dns/rrset.ts';
import type { Zone } from './dns/zone.ts';
import { DelegatedError, asDelegatedError } from './errors.ts';
import type { Capabilities } from './ports.ts';

/** What the laws speak with. The two keys are nobody else's. */
export interface TrialBench {
  readonly zone: Zone;
  readonly capabilities: Capabilities;
  readonly srvKey: RRsetKey & { readonly type: 'SRV' };
  readonly txtKey: RRsetKey & { readonly type: 'TXT' };
  /** Two challenge values, as long as real ones. */
  readonly values: readonly [string, string];
  readonly find: (name: DomainName) => Promise<Zone | null>;
  readonly read: (key: RRsetKey) => Promise<RRset | null>;
  readonly write: (...changes: readonly Change[]) => Promise<void>;
  /** Resolves when every name server has it. */
  readonly served: (value: string) => Promise<void>;
}

export interface TrialLaw {
  readonly title: string;
  /** What it takes to be tried at all. */
  readonly needs: (capabilities: Capabilities) => boolean;
  readonly run: (bench: TrialBench) => Promise<void>;
}

/** Seconds; what a challenge value has. */
const LOW_TTL = 60;

const reads = ({ reads: can }: Capabilities): boolean => can;
const srvs = ({ reads: can, types, byHand }: Capabilities): boolean =>
  can && types.includes('SRV') && byHand !== true;

export const TRIAL_LAWS: readonly TrialLaw[] = [
  {
    title: 'the zone of a name that does not exist is found',
    needs: () => true,
    async run({ find, zone, txtKey }) {
      const found = await find(txtKey.name);
      demand(found?.name === zone.name, `it is looked for in ${found?.name ?? 'no zone'}`);
    },
  },
  {
    title: 'an RRset that is not there is absent',
    needs: reads,
    async run({ read, txtKey, srvKey, capabilities }) {
      demand((await read(txtKey)) === null, 'there is a TXT RRset already');
      if (capabilities.types.includes('SRV'))
        demand((await read(srvKey)) === null, 'there is an SRV RRset already');
    },
  },
  {
    title: 'SRV records are written, changed in every field and read back as they are',
    needs: srvs,
    async run({ read, write, srvKey, capabilities }) {
      let seen = await read(srvKey);
      for (const rrset of srvSteps(srvKey.name, capabilities)) {
        await write({ op: 'put', rrset, expect: seen ?? 'absent' });
        seen = await read(srvKey);
        demandSame(seen, rrset);
      }
    },
  },
  {
    title: 'an SRV RRset that somebody else has changed is not overwritten',
    needs: (capabilities) => srvs(capabilities) && capabilities.cas === 'full',
    async run({ read, write, srvKey }) {
      const seen = await read(srvKey);
      demand(seen?.type === 'SRV', 'the SRV RRset is gone');
      const stale: SrvRRset = { ...srvKey, ttl: seen?.ttl ?? 0, values: [{ ...FIRST, port: 1 }] };
      const rrset: SrvRRset = { ...stale, values: [SECOND] };
      await demandConflict(() => write({ op: 'put', rrset, expect: stale }));
      demandSame(await read(srvKey), seen);
    },
  },
  {
    title: 'an SRV RRset that somebody else has made is not overwritten',
    needs: (capabilities) => srvs(capabilities) && capabilities.cas !== 'none',
    async run({ read, write, srvKey, capabilities }) {
      const rrset: SrvRRset = { ...srvKey, ttl: lowestTtl(capabilities), values: [{ ...FIRST, port: 2 }] };
      const seen = await read(srvKey);
      await demandConflict(() => write({ op: 'put', rrset, expect: 'absent' }));
      demand(seen !== null && (await read(srvKey)) !== null, 'it is gone');
    },
  },
  {
    title: 'an SRV RRset is deleted',
    needs: srvs,
    async run({ read, write, srvKey }) {
      const seen = await read(srvKey);
      if (seen !== null) await write({ op: 'delete', rrset: seen });
      demand((await read(srvKey)) === null, 'it is still there');
    },
  },
  {
    title: 'a challenge value is added and served by every name server',
    needs: () => true,
    async run({ write, served, txtKey, values: [one], capabilities }) {
      await write({ op: 'add', ...txtKey, ttl: lowestTtl(capabilities), values: [one] });
      await served(one);
    },
  },
  {
    title: 'two challenge values stand side by side, however often they are added',
    needs: reads,
    async run({ read, write, txtKey, values: [one, two], capabilities }) {
      const ttl = lowestTtl(capabilities);
      for (const value of [two, one, two]) await write({ op: 'add', ...txtKey, ttl, values: [value] });
      demandValues(await read(txtKey), [one, two]);
    },
  },
  {
    title: 'removing one challenge value keeps the other',
    needs: reads,
    async run({ read, write, txtKey, values: [one, two], capabilities }) {
      const ttl = lowestTtl(capabilities);
      for (const value of [one, one]) await write({ op: 'remove', ...txtKey, ttl, values: [value] });
      demandValues(await read(txtKey), [two]);
    },
  },
  {
    title: 'the last challenge value takes the RRset along',
    needs: reads,
    async run({ read, write, txtKey, values: [, two], capabilities }) {
      await write({ op: 'remove', ...txtKey, ttl: lowestTtl(capabilities), values: [two] });
      demand((await read(txtKey)) === null, 'it is still there');
    },
  },
];

const FIRST: SrvData = { priority: 10, weight: 5, port: 8448, target: parseDomainName('a.example.net') };
const SECOND: SrvData = { priority: 20, weight: 0, port: 443, target: parseDomainName('b.example.net') };

function srvSteps(name: DomainName, capabilities: Capabilities): SrvRRset[] {
  const ttl = lowestTtl(capabilities);
  const step = (values: readonly SrvData[], of = ttl): SrvRRset => ({ name, type: 'SRV', ttl: of, values });
  return [
    step([FIRST]),
    step([FIRST, SECOND]),
    step([{ ...FIRST, priority: 11 }, SECOND]),
    step([{ ...FIRST, weight: 6 }, SECOND]),
    step([{ ...FIRST, port: 8449 }, SECOND]),
    step([FIRST], Math.min(ttl * 2, capabilities.ttl.max)),
  ];
}

export function lowestTtl({ ttl: { min, max } }: Capabilities): number {
  return Math.min(Math.max(min, LOW_TTL), max);
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new DelegatedError('E_PROVIDER_UNSUPPORTED', otherwise, { hint: HINT });
}

function demandSame(seen: RRset | null, wanted: RRset | null): void {
  const same = seen === null || wanted === null ? seen === wanted : sameRRset(seen, wanted);
  demand(same, `"${shown(wanted)}" was written, "${shown(seen)}" is read`);
}

function demandValues(seen: RRset | null, wanted: readonly string[]): void {
  const values = seen?.type === 'TXT' ? seen.values : [];
  demand(
    [...values].sort().join(' ') === [...wanted].sort().join(' '),
    `${wanted.length} values were to be there, ${values.length} are, or others`,
  );
}

async function demandConflict(write: () => Promise<void>): Promise<void> {
  const error = await write().then(
    () => null,
    (thrown: unknown) => asDelegatedError(thrown),
  );
  if (error !== null && error.code !== 'E_PROVIDER_CONFLICT') throw error;
  demand(error !== null, 'it was overwritten');
}

const HINT = 'this adapter does not do what it promises here: please report it with the output of --verbose';

function shown(rrset: RRset | null): string {
  return rrset === null ? 'nothing' : `${rrset.ttl} ${presentation(rrset).join(', ')}`;
}
