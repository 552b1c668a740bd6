import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOvh } from '../../providers/ovh/index.ts';
import { ovhOptions } from '../../providers/ovh/options.ts';
import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { presentation } from '../../src/dns/rrset.ts';
import type { DnsProvider, DomainName, RRsetKey } from '../../src/provider.ts';
import type { ConformanceTarget } from '../conformance/target.ts';
import { type FakeRecord, startFakeOvh } from '../fakes/ovh.ts';
import { freePort } from '../support/free-port.ts';
import { startMuteServer } from '../support/mute-server.ts';

const ZONE = 'example.test';
const KEYS = {
  applicationKey: 'application-key',
  applicationSecret: 'secret-of-the-application',
  consumerKey: 'key-of-the-consumer',
};
const WRONG = 'a-wrong-secret-of-the-application';

/** The adapter before what plays its vendor. */
export async function ovhTarget(): Promise<ConformanceTarget> {
  const fake = await startFakeOvh({ ...KEYS, zones: [ZONE, `sub.${ZONE}`] });
  // Neither the conformance suite nor its relay has the right time.
  fake.aheadMs = 3_600_000;
  const [zone] = fake.zones;
  if (zone === undefined) throw new Error('no zone');
  for (const record of NEIGHBOURS) fake.add(zone, record);
  const mute = await startMuteServer();
  const stateDirectory = await mkdtemp(join(tmpdir(), 'delegated-ovh-'));
  const open = (endpoint: string, applicationSecret = KEYS.applicationSecret): DnsProvider => {
    fake.trust(endpoint);
    const options = ovhOptions.parse({ ...KEYS, applicationSecret, endpoint });
    return createOvh(options, { now: () => new Date(), stateDirectory });
  };
  const subDomain = (name: DomainName): string => name.slice(0, -ZONE.length - 1).replace(/\.$/, '');
  const without = ({ name, type }: RRsetKey): void => {
    const stays = (each: FakeRecord): boolean =>
      each.subDomain !== subDomain(name) || each.fieldType !== type;
    zone.records = zone.records.filter(stays);
    zone.published = zone.published.filter(stays);
  };
  return {
    provider: open(fake.url),
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: [KEYS.applicationSecret, KEYS.consumerKey, WRONG],
    snapshot: () =>
      Promise.resolve(
        zone.published
          .map((each) => [each.subDomain === '' ? '' : `${each.subDomain}.`, each] as const)
          .map(([name, { ttl, fieldType, target }]) => `${name}${ZONE}. ${ttl} IN ${fieldType} ${target}`)
          .sort(),
      ),
    async write(rrset) {
      without(rrset);
      for (const target of presentation(rrset))
        fake.add(zone, { fieldType: rrset.type, subDomain: subDomain(rrset.name), target, ttl: rrset.ttl });
    },
    async erase(key) {
      without(key);
    },
    async alias(name, target) {
      fake.add(zone, { fieldType: 'CNAME', subDomain: subDomain(name), target, ttl: 60 });
    },
    mute: () => Promise.resolve(open(`http://127.0.0.1:${mute.port}`)),
    broken: async () => [open(fake.url, WRONG), open(`http://127.0.0.1:${await freePort()}`)],
    http: {
      upstream: fake.url,
      open: (url) => open(url),
      // Each record is an answer of its own.
      pageSize: 1,
      async fill(count) {
        const filled = new Set(zone.records.map((each) => each.subDomain));
        const labels = Array.from({ length: count }, (_, index) => `fill${index}`);
        for (const label of labels.filter((each) => !filled.has(each)))
          fake.add(zone, { fieldType: 'TXT', subDomain: label, target: '"filled"', ttl: 60 });
        return labels.map((label) => under(label, parseDomainName(ZONE)));
      },
    },
    async stop() {
      await Promise.all([fake.stop(), mute.stop(), rm(stateDirectory, { recursive: true, force: true })]);
    },
  };
}

const NEIGHBOURS = [
  { fieldType: 'NS', subDomain: '', target: 'dns1.ovh.test.', ttl: 0 },
  { fieldType: 'TXT', subDomain: '', target: '"v=spf1 -all"', ttl: 0 },
  { fieldType: 'CNAME', subDomain: 'www', target: 'elsewhere.example.net.', ttl: 0 },
  { fieldType: 'SRV', subDomain: '_sip._tcp', target: '1 2 5060 sip.example.net.', ttl: 3600 },
];
