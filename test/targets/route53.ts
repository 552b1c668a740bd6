import * as sdk from '@aws-sdk/client-route-53';
import { createRoute53 } from '../../providers/route53/index.ts';
import { route53Options } from '../../providers/route53/options.ts';
import { parseDomainName, under } from '../../src/dns/domain-name.ts';
import { srvText } from '../../src/dns/rrset.ts';
import type { DnsProvider, RRset } from '../../src/provider.ts';
import type { ConformanceTarget } from '../conformance/target.ts';
import { type FakeRRset, canonical, octetsOf, quoted } from '../fakes/route53-zone.ts';
import { startFakeRoute53 } from '../fakes/route53.ts';
import { SILENT } from '../support/builtin.ts';
import { freePort } from '../support/free-port.ts';
import { startMuteServer } from '../support/mute-server.ts';

const ZONE = 'example.test.';
const KEY = {
  id: 'AKIAEXAMPLEEXAMPLE',
  secret: 'the-secret-of-the-access-key',
  sessionToken: 'the-token-of-the-session',
};
const WRONG = 'a-wrong-secret-of-the-key';
/** Another writer splits character-strings as it likes. */
const SPLIT = 100;

/** The adapter before what plays its vendor. */
export async function route53Target(): Promise<ConformanceTarget> {
  const fake = await startFakeRoute53({
    keys: [KEY],
    zones: [
      { id: 'Z0PRIVATE', name: ZONE, private: true },
      { id: 'Z1PUBLIC', name: ZONE, private: false },
      { id: 'Z2DEEPER', name: `sub.${ZONE}`, private: false },
      { id: 'Z3OTHER', name: `deeper.sub.${ZONE}`, private: true },
    ],
  });
  const zone = fake.zones.find(({ id }) => id === 'Z1PUBLIC');
  if (zone === undefined) throw new Error('no zone');
  zone.rrsets = [...zone.rrsets, ...NEIGHBOURS.map(canonical)];
  const mute = await startMuteServer();
  const open = (endpoint: string, secretAccessKey = KEY.secret): DnsProvider => {
    fake.trustHost(new URL(endpoint).host);
    const options = { endpoint, accessKeyId: KEY.id, secretAccessKey, sessionToken: KEY.sessionToken };
    return createRoute53(route53Options.parse(options), {
      sdk,
      log: SILENT,
      now: () => new Date(),
      hide: () => undefined,
      pace: () => Promise.resolve(),
    });
  };
  const put = (rrset: FakeRRset): void => {
    const others = zone.rrsets.filter(({ name, type }) => name !== rrset.name || type !== rrset.type);
    zone.rrsets = [...others, canonical(rrset)];
  };
  return {
    provider: open(fake.url),
    zone: parseDomainName(ZONE),
    deeper: parseDomainName(`sub.${ZONE}`),
    secrets: [KEY.secret, KEY.sessionToken, WRONG],
    snapshot: () => Promise.resolve(zone.rrsets.flatMap(lines).sort()),
    async write(rrset) {
      put({ name: rrset.name, type: rrset.type, ttl: rrset.ttl, values: valuesOf(rrset) });
    },
    async erase(key) {
      zone.rrsets = zone.rrsets.filter(({ name, type }) => name !== key.name || type !== key.type);
    },
    async alias(name, target) {
      put({ name, type: 'CNAME', ttl: 60, values: [target] });
    },
    mute: () => Promise.resolve(open(`http://127.0.0.1:${mute.port}`)),
    broken: async () => [open(fake.url, WRONG), open(`http://127.0.0.1:${await freePort()}`)],
    http: {
      upstream: fake.url,
      open: (url) => open(url),
      pageSize: 300,
      async fill(count) {
        const names = Array.from({ length: count }, (_, at) => under(`fill${at}`, parseDomainName(ZONE)));
        for (const name of names) put({ name, type: 'TXT', ttl: 60, values: ['"filled"'] });
        return names;
      },
    },
    async stop() {
      await Promise.all([fake.stop(), mute.stop()]);
    },
  };
}

const NEIGHBOURS: readonly FakeRRset[] = [
  { name: ZONE, type: 'TXT', ttl: 300, values: ['"v=spf1 -all"'] },
  { name: `*.${ZONE}`, type: 'A', ttl: 300, values: ['192.0.2.1'] },
  { name: `0/25.${ZONE}`, type: 'TXT', ttl: 300, values: ['"a name that is none of ours"'] },
  { name: `www.${ZONE}`, type: 'A', ttl: 300, values: ['192.0.2.2'], setIdentifier: 'one' },
  { name: `www.${ZONE}`, type: 'A', ttl: 300, values: ['192.0.2.3'], setIdentifier: 'two' },
];

function valuesOf(rrset: RRset): string[] {
  if (rrset.type === 'SRV') return rrset.values.map(srvText);
  return rrset.values.map((value) => {
    const parts = value.match(new RegExp(`[^]{1,${SPLIT}}`, 'g')) ?? [''];
    return parts.map(quoted).join(' ');
  });
}

function lines({ name, type, ttl, values, setIdentifier = '' }: FakeRRset): string[] {
  return values.map((value) => `${name} ${ttl} IN ${type} ${octetsOf(value)}${setIdentifier}`);
}
