import * as sdk from '@aws-sdk/client-route-53';
import { type Route53Deps, createRoute53 } from '../../../providers/route53/index.ts';
import { route53Options } from '../../../providers/route53/options.ts';
import { parseDomainName } from '../../../src/dns/domain-name.ts';
import type { DnsProvider, Zone } from '../../../src/provider.ts';
import { type FakeZone, canonical } from '../../fakes/route53-zone.ts';
import { type FakeRoute53, startFakeRoute53 } from '../../fakes/route53.ts';
import { SILENT } from '../../support/builtin.ts';

export const KEY = { id: 'AKIAEXAMPLEEXAMPLE', secret: 'the-secret-of-the-access-key' };
export const ZONE: Zone = { id: 'Z1', name: parseDomainName('example.test') };

export interface Setting {
  readonly fake: FakeRoute53;
  /** The zone `ZONE`. */
  readonly zone: FakeZone;
  /** What came so far, `GET /2013-04-01/…`. */
  readonly requests: string[];
  readonly open: (options?: Readonly<Record<string, unknown>>, deps?: Partial<Route53Deps>) => DnsProvider;
  readonly put: (rrset: FakeZone['rrsets'][number]) => void;
}

/** One imitation for each test of the block, with the zone `example.test`. */
export function route53Setting(more: readonly Omit<FakeZone, 'rrsets'>[] = []): () => Setting {
  let setting: Setting | undefined;
  beforeEach(async () => {
    const fake = await startFakeRoute53({
      keys: [KEY],
      zones: [{ id: ZONE.id, name: ZONE.name, private: false }, ...more],
    });
    const [zone] = fake.zones;
    if (zone === undefined) throw new Error('no zone');
    const requests: string[] = [];
    fake.trouble = (method, path) => {
      requests.push(`${method} ${path}`);
      return null;
    };
    setting = {
      fake,
      zone,
      requests,
      open: (options = {}, deps = {}) =>
        createRoute53(
          route53Options.parse({
            endpoint: fake.url,
            accessKeyId: KEY.id,
            secretAccessKey: KEY.secret,
            ...options,
          }),
          {
            sdk,
            log: SILENT,
            now: () => new Date(),
            hide: () => undefined,
            pace: () => Promise.resolve(),
            ...deps,
          },
        ),
      put: (rrset) => {
        zone.rrsets = [...zone.rrsets, canonical(rrset)];
      },
    };
  });
  afterEach(() => setting?.fake.stop());
  return () => {
    if (setting === undefined) throw new Error('not set up');
    return setting;
  };
}
