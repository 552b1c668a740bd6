/** Somebody else who writes to the same zones: records of his own, and challenge values beside ours. */
import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { CHALLENGE, EXAMPLE, HOSTER, type World, ctx, srv } from '../support/fake-ports.ts';
import type { Random } from './random.ts';

export interface Neighbour {
  /** Takes a value of his away, or adds one, now and then. */
  write(): Promise<void>;
  /** What is his, as `snapshot` prints it. */
  records(): readonly string[];
}

const TTL = 60;
const HOW_OFTEN = 0.02;
const ZONE = { id: EXAMPLE, name: EXAMPLE };

export function createNeighbour({ provider }: World, random: Random): Neighbour {
  let values = 0;
  let mine: string | null = null;
  const spf = ['v=spf1 -all', 'google-site-verification=xyz'];
  provider.write({ name: EXAMPLE, type: 'TXT', ttl: TTL, values: spf });
  provider.write({ name: HOSTER, type: 'TXT', ttl: TTL, values: spf });
  const caldav = under('_caldavs._tcp', EXAMPLE);
  provider.write({
    name: caldav,
    type: 'SRV',
    ttl: TTL,
    values: [srv(parseDomainName('dav.example.net'), 443)],
  });
  const fixed = provider.snapshot();

  const change = (op: 'add' | 'remove', value: string) =>
    provider.apply(ZONE, [{ op, name: CHALLENGE, type: 'TXT', ttl: TTL, values: [value] }], ctx());
  return {
    async write() {
      if (!random.chance(HOW_OFTEN)) return;
      if (mine !== null) {
        await change('remove', mine);
        mine = null;
        return;
      }
      mine = `of-another-client-${(values += 1)}`;
      await change('add', mine);
    },
    records: () => [...fixed, ...(mine === null ? [] : [`${CHALLENGE} ${TTL} IN TXT "${mine}"`])],
  };
}
